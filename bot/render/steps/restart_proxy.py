"""The words of a proxy's restart."""

from bot.render.steps.words import SERVERS_AND_ROUTES, Count, StepWords

RESTART_PROXY = StepWords(
    verb="restart_proxy",
    act="restart deployment `{target}` and wait for its rollout",
    by_hand="kubectl --context {cluster} -n {namespace} rollout restart deployment/{target}",
    success="Every replica of the deployment runs the new rollout.",
    undo="A restart can't be taken back. Connections come back once the hub has written the routes.",
    counts={
        **SERVERS_AND_ROUTES,
        "replicas": Count(words="replicas"),
        "updated": Count(words="replicas updated"),
    },
)
