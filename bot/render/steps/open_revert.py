"""The words of a revert on GitHub."""

from bot.render.steps.words import Count, StepWords

OPEN_REVERT = StepWords(
    verb="open_revert",
    act="open the pull request that reverts `{target}` (“{title}”)",
    by_hand="git revert -m 1 {commit}",
    success="The pull request is there.",
    undo="Close the pull request.",
    counts={"pull_request": Count(words="pull request")},
)
