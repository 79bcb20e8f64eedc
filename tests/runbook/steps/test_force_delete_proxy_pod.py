"""A proxy's pod is force-deleted only while its node is dead."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.cluster import ClusterFacts, Node
from bot.domain.evidence import View
from bot.domain.hubs import Deployment, Pod
from bot.errors import RetryLater, UserError
from bot.runbook import ForceDeleteProxyPod
from tests.support.hubs import NOW, PROXY, facts
from tests.support.scripted import PROXY_POD, Scripted, site

STUCK = replace(PROXY_POD, name="proxy-0", uid="uid-0", node="core-1", deleting_since=NOW, grace=30)
FORCE = ForceDeleteProxyPod(deployment="proxy", pod="proxy-0", uid="uid-0", node="core-1")
DEAD = Node(name="core-1", uid="n1", ready=None)
READY = Node(name="core-1", uid="n1", ready=True)


def party(pod: Pod, *nodes: Node) -> Scripted:
    return Scripted(parts=[pod], around=ClusterFacts(nodes=View(items=nodes)))


@pytest.mark.parametrize(
    ("pod", "nodes", "refused"),
    [
        (STUCK, (DEAD,), ""),
        (STUCK, (replace(DEAD, ready=False),), ""),
        (STUCK, (), ""),
        (STUCK, (READY,), "Node core-1 is Ready"),
        (replace(STUCK, deleting_since=None), (DEAD,), "not being deleted"),
        (replace(STUCK, component="hub"), (DEAD,), "not the proxy's"),
    ],
    ids=["silent", "not ready", "no node", "ready", "not deleted", "another component"],
)
def test_it_acts_only_on_a_proxy_pod_of_a_dead_node(
    pod: Pod, nodes: tuple[Node, ...], refused: str
) -> None:
    there = party(pod, *nodes)
    if not refused:
        assert FORCE.drifted(site(there)) == ""
        FORCE.perform(site(there))
        return
    assert refused in (FORCE.drifted(site(there)) or "")
    with pytest.raises(UserError, match=refused):
        FORCE.perform(site(there))


def test_a_node_that_can_not_be_read_is_not_dead() -> None:
    blind = party(STUCK, DEAD)
    blind.fails = {"node": RetryLater("No node today.", after=1)}
    with pytest.raises(RetryLater):
        FORCE.perform(site(blind))


@pytest.mark.parametrize(
    ("pod", "proxy", "holds"),
    [
        (STUCK, PROXY, False),
        (PROXY_POD, replace(PROXY, ready=0), False),
        (PROXY_POD, PROXY, True),
    ],
    ids=["there", "no successor", "successor"],
)
def test_a_look_wants_the_successor(pod: Pod, proxy: Deployment, holds: bool) -> None:
    there = replace(party(pod), proxy=proxy)
    assert FORCE.look(site(there), facts).holds is holds
