"""The words of the deletion of a pod that ended."""

from bot.render.steps.words import StepWords

DELETE_FAILED_POD = StepWords(
    verb="delete_failed_pod",
    act="delete {phase} pod `{target}`",
    by_hand="kubectl -n {namespace} delete pod {target}",
    success="The pod is gone within a minute.",
    undo="It can't be taken back. Nothing ran in the pod.",
    one="delete a pod that ended",
    many="delete {count} pods that ended",
    counts={},
)
