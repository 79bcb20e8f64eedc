"""The sentence about a hub: who is cut off, by what, since when, and what nobody can tell."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.diagnose import diagnose, headline
from bot.domain.evidence import Known, Unknown, View
from bot.domain.facts import HubFacts
from bot.domain.hubs import Health
from tests.support.around import (
    CERTIFICATE,
    CORE,
    ago,
    around,
    core_pod,
    event,
    node,
    waiting,
)
from tests.support.hubs import NOW, evicted, facts, healthy, pod, route, server, terminating

OUT, HUB_OUT = Health(hub=False, proxy=False), Health(hub=False, proxy=True)
PROXY, BROKEN = core_pod("proxy"), {"ready": False, "unready_since": ago(minutes=5)}


def said(facts: HubFacts) -> str:
    return headline(facts, diagnose(facts))


def out(health: Health = OUT, **lists: Any) -> HubFacts:
    """A hub that doesn't answer anywhere."""
    return around(facts(servers=None, pods=(), routes=None, health=health), **lists)


def test_well() -> None:
    assert said(around()) == (
        "The hub and its proxy answer, and all 3 users with a running server have their route."
    )
    assert said(around(healthy())) == (
        "The hub and its proxy answer, and no user has a running server."
    )
    assert said(around(healthy("ana"))) == (
        "The hub and its proxy answer, and the only user with a running server has their route."
    )


def test_routes_missing_for_a_reason_that_nobody_knows() -> None:
    assert said(around(evicted("ana", "ben"))) == (
        "2 of 2 users cannot reach their server: the proxy has no route to it; mayday can't tell since "
        "when."
    )
    assert said(around(evicted("ana"))) == (
        "The only user with a server cannot reach it: the proxy has no route to it; mayday can't tell "
        "since when."
    )


def test_routes_missing_of_yesterday_have_their_date() -> None:
    began = NOW - timedelta(hours=13)
    seen = evicted("ana", "ben")
    old = tuple(replace(row, started=began - timedelta(hours=1)) for row in seen.rows)
    restarted = core_pod("proxy", running_since=began)
    assert said(around(replace(seen, rows=old), core=(core_pod("hub"), restarted))) == (
        "2 of 2 users cannot reach their server: the proxy lost their routes at 2026-11-21 23:00:00 UTC."
    )


@pytest.mark.parametrize(
    ("health", "end"),
    [
        (HUB_OUT, "; the hub doesn't answer either."),
        (OUT, "; the public address doesn't answer either."),
    ],
)
def test_routes_missing_is_not_all(health: Health, end: str) -> None:
    seen = replace(evicted("ana", "ben"), health=Known(value=health))
    assert said(around(seen)).endswith(end)


HUB_DOWN = "Nobody can log in or start a server, though the proxy answers: "


@pytest.mark.parametrize(
    ("core", "lists", "end"),
    [
        (
            (core_pod("hub", reason="CrashLoopBackOff", last_exit="Error", **BROKEN), PROXY),
            {},
            "pod hub-1 of the hub crashes again and again (Error) (11:55:00 UTC).",
        ),
        (
            (waiting("hub"), PROXY),
            {},
            "pod hub-1 of the hub waits for a node: 0/2 nodes are available: 2 node(s) didn't match Pod's "
            "node affinity (11:55:00 UTC).",
        ),
        (
            (),
            {},
            "no pod of the hub exists.",
        ),
        (
            CORE,
            {},
            "the hub doesn't answer, and mayday found no cause in what it could read.",
        ),
        (
            CORE,
            {"nodes": View.unread("mayday isn't allowed to list nodes.")},
            "the hub doesn't answer; mayday can't tell why: mayday isn't allowed to list nodes.",
        ),
    ],
    ids=["crash", "no node", "no pod", "no cause", "unread"],
)
def test_the_hub_is_down(core: Any, lists: dict[str, Any], end: str) -> None:
    assert said(out(HUB_OUT, core=core, **lists)) == HUB_DOWN + end


def test_the_hubs_volume_says_more_than_its_pod() -> None:
    new = core_pod("hub", name="hub-2", phase="Pending", reason="ContainerCreating", **BROKEN)
    old = core_pod("hub", deleting_since=ago(minutes=9), ready=False)
    multi = event(new, "FailedAttachVolume", "Multi-Attach error for volume pvc-1")
    assert said(out(HUB_OUT, core=(new, old, PROXY), events=(multi,))) == HUB_DOWN + (
        "the hub's volume hub-db-dir is still held by another pod, hub-1: the hub can't start "
        "(11:56:00 UTC)."
    )


def test_the_proxy_is_down() -> None:
    broken = core_pod("proxy", reason="CrashLoopBackOff", last_exit="OOMKilled", **BROKEN)
    seen = replace(healthy("ana", "ben"), health=Known(value=OUT), routes=View.unread("500."))
    assert said(around(seen, core=(core_pod("hub"), broken))) == (
        "None of the 2 users with a running server can reach it: pod proxy-1 of the proxy crashes again "
        "and again (OOMKilled) (11:55:00 UTC)."
    )


def test_the_ingress_or_dns_is_down() -> None:
    seen = replace(healthy("ana", "ben"), health=Known(value=OUT))
    assert said(around(seen)) == (
        "None of the 2 users with a running server can reach it: the public address doesn't answer, "
        "although the hub can read the proxy's routes."
    )


def test_neither_answers_because_a_core_node_is_gone() -> None:
    lost = node("core-1", purpose="core", ready=None, since=ago(minutes=8))
    core = (core_pod("hub", **BROKEN), core_pod("proxy", **BROKEN))
    assert said(out(core=core, nodes=(lost, node()))) == (
        "Nobody can reach the hub or a server: no node of the core pool is Ready, so hub and proxy have "
        "nowhere to run (11:52:00 UTC)."
    )


def test_neither_answers_and_the_cluster_does_not_either() -> None:
    away = View.unread("Cluster teaching does not answer at 10.0.0.1: check the network.")
    seen = out(core=(), pods=away, nodes=away, events=away)
    assert said(seen) == (
        "Nobody can reach the hub or a server: neither hub nor proxy answers; mayday can't tell why: "
        "Cluster teaching does not answer at 10.0.0.1: check the network."
    )


def test_everybody_is_routed_but_something_else_is_wrong() -> None:
    old = replace(CERTIFICATE, expires_at=ago(hours=2))
    assert said(around(certificate=Known(value=old))) == (
        "The hub and its proxy answer, and all 3 users with a running server have their route; but the "
        "certificate of the public address has expired: browsers refuse the connection (10:00:00 UTC)."
    )


def test_stuck_servers_beside_healthy_ones() -> None:
    seen = facts(
        servers=(server("ana", pending="stop"), server("ben")),
        pods=(terminating("ana"), pod("ben")),
        routes=(route("ben"),),
    )
    assert said(around(seen)) == (
        "The hub and its proxy answer, and the only user with a running server has their route; but 1 "
        "server is stuck while stopping (11:50:00 UTC)."
    )


def test_what_is_unknown_is_said() -> None:
    seen = around(facts(servers=(server("ana"),), pods=(pod("ana"),), routes=None))
    assert said(seen) == (
        "mayday can't tell whether users can reach their servers: No routes today."
    )
    blind = around(replace(healthy("ana"), health=Unknown(why="The address does not resolve.")))
    assert said(blind) == (
        "mayday can't tell whether users can reach their servers: The address does not resolve."
    )
    worse = around(
        replace(healthy("ana"), health=Unknown(why="No.")), nodes=(node("user-node-1", ready=None),)
    )
    assert said(worse) == (
        "mayday can't tell whether users can reach their servers: No; known is that node user-node-1 "
        "stopped reporting (10:00:00 UTC)."
    )


def test_what_clusters_say_cannot_format_the_sentence() -> None:
    hub = waiting("hub", message="<!channel> *no* `node` | & <https://example.edu|x>")
    text = said(out(HUB_OUT, core=(hub, PROXY)))
    assert not set(text) & set("<>*`|&")
