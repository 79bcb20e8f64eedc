"""The words of the forced deletion of a proxy's pod on a dead node."""

from bot.render.steps.words import Count, StepWords

FORCE_DELETE_PROXY_POD = StepWords(
    verb="force_delete_proxy_pod",
    act="force-delete proxy pod `{target}` on dead node `{node}`, and wait for its successor",
    by_hand="kubectl -n {namespace} delete pod {target} --grace-period=0 --force",
    success="The pod is gone and the proxy's Deployment has all replicas ready, within 5 minutes.",
    undo="It can't be taken back. If the node comes back, its kubelet ends the container.",
    counts={"replicas": Count(words="replicas"), "ready": Count(words="ready")},
)
