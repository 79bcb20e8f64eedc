"""The words of the end of a core pool's hold."""

from bot.render.steps.words import Count, StepWords

RELEASE_CORE_POOL = StepWords(
    verb="release_core_pool",
    act="let the autoscaler and drains act on {target} again",
    by_hand="kubectl --context {cluster} -n {namespace} annotate pod/POD "
    "cluster-autoscaler.kubernetes.io/safe-to-evict-\nkubectl --context {cluster} annotate node/NODE "
    "cluster-autoscaler.kubernetes.io/scale-down-disabled-\nkubectl --context {cluster} "
    "-n {namespace} delete poddisruptionbudget NAME",
    success="None has its annotation, and the budgets are gone.",
    undo="Run hold-core-pool.",
    counts={"held": Count(words="objects held")},
)
