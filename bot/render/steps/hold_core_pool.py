"""The words of a core pool's hold."""

from bot.render.steps.words import Count, StepWords

HOLD_CORE_POOL = StepWords(
    verb="hold_core_pool",
    act="keep the autoscaler and drains away from {target} until {until}",
    by_hand="kubectl --context {cluster} -n {namespace} annotate pod/POD "
    "cluster-autoscaler.kubernetes.io/safe-to-evict=false\nkubectl --context {cluster} annotate node/NODE "
    "cluster-autoscaler.kubernetes.io/scale-down-disabled=true\nkubectl --context {cluster} "
    "-n {namespace} create poddisruptionbudget NAME --selector=SELECTOR --min-available=1",
    success="All have their annotations, and the budgets are there.",
    undo="At {until}, mayday takes all of it back. The annotation of a pod also ends with the pod.",
    counts={"held": Count(words="objects held"), "refused": Count(words="refused:")},
)
