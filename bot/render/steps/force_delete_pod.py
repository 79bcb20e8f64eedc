"""The words of a pod's forced deletion."""

from bot.render.steps.words import StepWords

FORCE_DELETE_POD = StepWords(
    verb="force_delete_pod",
    act="force-delete pod `{target}`",
    by_hand="kubectl --context {cluster} -n {namespace} delete pod {target} --grace-period=0 --force",
    success="The pod is gone, and the hub has no record of this start, if it waited for the pod.",
    undo="It can't be taken back. The user can start the server again; what was not saved is lost.",
    one="force-delete a user's pod",
    many="force-delete {count} users' pods",
)
