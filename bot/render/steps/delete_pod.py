"""The words of a pod's deletion."""

from bot.render.steps.words import StepWords

DELETE_POD = StepWords(
    verb="delete_pod",
    act="delete pod `{target}`",
    by_hand="kubectl --context {cluster} -n {namespace} delete pod {target}",
    success="The pod is gone.",
    undo="It can't be taken back. The user can start the server again; what was not saved is lost.",
    one="delete a user's pod",
    many="delete {count} users' pods",
)
