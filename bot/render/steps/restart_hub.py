"""The words of a hub's restart."""

from bot.render.steps.words import Count, StepWords

RESTART_HUB = StepWords(
    verb="restart_hub",
    act="restart deployment `{target}` and wait until the hub answers",
    by_hand="kubectl -n {namespace} rollout restart deployment/{target}",
    success="Every replica runs the new rollout, and the hub's API answers, within 5 minutes.",
    undo="It can't be taken back. Logins and starts work again when the hub answers.",
    counts={
        "replicas": Count(words="replicas"),
        "updated": Count(words="replicas updated"),
    },
)
