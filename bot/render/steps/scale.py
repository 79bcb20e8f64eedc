"""The words of a StatefulSet's scaling."""

from bot.render.steps.words import Count, StepWords

SCALE = StepWords(
    verb="scale",
    act="scale StatefulSet `{target}` from {found} to {replicas} replicas{lasting}",
    by_hand="kubectl --context {cluster} -n {namespace} scale statefulset {target} --replicas={replicas}",
    success="The StatefulSet keeps {replicas} replicas for 75 seconds.",
    undo="At {until}, mayday scales it back to {found}, unless somebody changes it before.",
    counts={
        "replicas": Count(words="replicas"),
        "ready_replicas": Count(words="ready replicas"),
    },
)
