"""The words of a proxy's restart."""

from bot.render.steps.words import SERVERS_AND_ROUTES, Count, StepWords

RESTART_PROXY = StepWords(
    verb="restart_proxy",
    act="restart deployment `{target}` and wait for its rollout",
    counts={
        **SERVERS_AND_ROUTES,
        "replicas": Count(words="replicas"),
        "updated": Count(words="replicas updated"),
    },
)
