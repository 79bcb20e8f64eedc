"""The words of the end of a node's cordon."""

from bot.render.steps.words import StepWords

UNCORDON_NODE = StepWords(
    verb="uncordon_node",
    act="uncordon node `{target}`",
    by_hand="kubectl --context {cluster} uncordon {target}",
    success="The node is schedulable.",
    undo="Run cordon-node.",
    counts={},
)
