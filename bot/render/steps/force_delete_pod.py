"""The words of a pod's forced deletion."""

from bot.render.steps.words import StepWords

FORCE_DELETE_POD = StepWords(
    verb="force_delete_pod",
    act="force-delete pod `{target}`",
    one="force-delete a user's pod",
    many="force-delete {count} users' pods",
)
