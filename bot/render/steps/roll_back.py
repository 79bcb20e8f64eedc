"""The words of a rollback."""

from bot.render.steps.words import Count, StepWords

ROLL_BACK = StepWords(
    verb="roll_back",
    act="roll Deployment `{target}` back from revision {current} to {number} ({changes})",
    by_hand="kubectl --context {cluster} -n {namespace} rollout undo deployment {target} "
    "--to-revision={number}",
    success="The latest revision has the template of revision {number}, and every replica runs it.",
    undo="Run roll-back to revision {current}.",
    counts={"replicas": Count(words="replicas"), "updated": Count(words="replicas updated")},
)
