"""The words of a node's cordon."""

from bot.render.steps.words import StepWords

CORDON_NODE = StepWords(
    verb="cordon_node",
    act="cordon node `{target}` until {until} (“{why}”); nothing is drained",
    by_hand="kubectl --context {cluster} cordon {target}",
    success="The node is unschedulable.",
    undo="Run uncordon-node. At {until}, mayday reminds people to; it doesn't uncordon the node.",
    counts={},
)
