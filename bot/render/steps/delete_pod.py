"""The words of a pod's deletion."""

from bot.render.steps.words import StepWords

DELETE_POD = StepWords(
    verb="delete_pod",
    act="delete pod `{target}`",
    one="delete a user's pod",
    many="delete {count} users' pods",
)
