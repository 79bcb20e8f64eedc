"""The one node that a person named."""

from __future__ import annotations

from bot.domain.cluster import Node
from bot.domain.facts import HubFacts, Part, UnknownPart
from bot.runbook.definition import Draft

NOT_THERE = "There is no node {node} in cluster {cluster}. Its nodes: {known}."
SHOWN = 20


def one_node(facts: HubFacts, name: str) -> Node | Draft:
    """Return the node, or a draft that says why there is nothing to do or what must be known first."""
    nodes = facts.around.nodes
    found = facts.around.node(name)
    if found is not None:
        return found
    if nodes.unknown:
        return Draft(undecided=(UnknownPart(part=Part.NODES, why=nodes.unknown),))
    known = ", ".join(sorted(each.name for each in nodes.items)[:SHOWN])
    why = NOT_THERE.format(node=name, cluster=facts.place.cluster, known=known or "none")
    return Draft(nothing_to_do=why)
