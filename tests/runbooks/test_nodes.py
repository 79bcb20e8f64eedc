"""Cordon and uncordon a node: facts in, plan out."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.cluster import (
    CORDONED_AT,
    CORDONED_BY,
    CORDONED_UNTIL,
    CORDONED_WHY,
    ClusterFacts,
    Node,
)
from bot.domain.evidence import View
from bot.domain.facts import HubFacts, Part
from bot.errors import UserError
from bot.runbook import CordonNode, Runbook, UncordonNode
from bot.runbook.plan import Plan
from runbooks.cordon_node import cordon_node
from runbooks.uncordon_node import uncordon_node
from tests.support.fleet import CORE, USER_1, USER_2
from tests.support.hubs import NOW, healthy
from tests.support.scripted import Scripted, site

REASON = "its disk is full"
ASKED = {"node": "user-1", "reason": REASON}
OWN = {
    CORDONED_BY: "U0ANA",
    CORDONED_AT: "2026-11-22T11:00:00+00:00",
    CORDONED_UNTIL: "2026-11-22T23:00:00+00:00",
    CORDONED_WHY: REASON,
}
CORDONED = replace(USER_1, is_cordoned=True, annotations=OWN)
FOREIGN = replace(USER_1, is_cordoned=True, cordoned_at=NOW - timedelta(minutes=5))


def seen(*nodes: Node, unknown: str = "", users: tuple[str, ...] = ("ana",)) -> HubFacts:
    """A healthy hub in a cluster of these nodes."""
    view = View(items=nodes).marked_incomplete(unknown)
    return replace(
        healthy(*users),
        around=ClusterFacts(nodes=view),
        asked=frozenset({Part.NODES}),
        asked_by="U0BEN",
    )


def planned(book: Runbook, facts: HubFacts, **asked: str) -> Plan:
    return book.plan(facts, book.arguments(asked))


def test_a_cordon_names_who_until_when_and_why() -> None:
    plan = planned(cordon_node, seen(CORE, USER_1, USER_2), **ASKED, duration="2h")
    (step,) = plan.steps
    assert isinstance(step, CordonNode)
    assert (step.node, step.uid, step.by, step.why) == ("user-1", "uid-user-1", "U0BEN", REASON)
    assert (step.at, step.until) == (NOW, NOW + timedelta(hours=2))
    assert step.lock == "node/teaching/user-1"
    assert (plan.cautions, plan.losses) == ((), ())


def test_it_lasts_twelve_hours_unless_said() -> None:
    (step,) = planned(cordon_node, seen(CORE, USER_1, USER_2), **ASKED).steps
    assert step.undo_at == NOW + timedelta(hours=12)


def test_its_end_reminds_people_and_uncordons_that_cordon_only() -> None:
    (step,) = planned(cordon_node, seen(CORE, USER_1, USER_2), **ASKED).steps
    undo = step.undo
    assert isinstance(undo, UncordonNode)
    assert undo.at == NOW.isoformat()
    assert undo.planned_by == ("uncordon-node", {"node": "user-1"})


@pytest.mark.parametrize(
    ("facts", "asked", "said"),
    [
        (
            seen(CORE, USER_2),
            ASKED,
            "no node user-1 in cluster teaching. Its nodes: core-1, user-2",
        ),
        (
            seen(CORDONED),
            ASKED,
            "by <@U0ANA> with mayday at 2026-11-22 11:00 UTC, until 2026-11-22",
        ),
        (seen(FOREIGN), ASKED, "by somebody else, without mayday, at 2026-11-22 11:55 UTC"),
    ],
)
def test_nothing_to_cordon(facts: HubFacts, asked: dict[str, str], said: str) -> None:
    plan = planned(cordon_node, facts, **asked)
    assert (plan.steps, plan.undecided) == ((), ())
    assert said in plan.nothing_to_do


@pytest.mark.parametrize("book", [cordon_node, uncordon_node])
def test_a_node_that_an_incomplete_list_lacks_is_unknown(book: Runbook) -> None:
    asked = ASKED if book is cordon_node else {"node": "user-1"}
    plan = planned(book, seen(CORE, unknown="The list is incomplete."), **asked)
    assert (plan.steps, plan.nothing_to_do) == ((), "")
    assert [part.why for part in plan.undecided] == ["The list is incomplete."]


@pytest.mark.parametrize(
    ("nodes", "warns"),
    [
        ((CORE, USER_1, USER_2), False),
        ((CORE, USER_1), True),
        ((CORE, USER_1, replace(USER_2, is_cordoned=True)), True),
        ((CORE, USER_1, replace(USER_2, ready=None)), True),
        ((CORE, USER_1, replace(USER_2, ready=False)), True),
    ],
)
def test_the_last_usable_node_of_its_pool_gets_a_warning(
    nodes: tuple[Node, ...], warns: bool
) -> None:
    plan = planned(cordon_node, seen(*nodes), **ASKED)
    assert any("the last node of pool user" in text for text in plan.cautions) is warns
    assert len(plan.steps) == 1


def test_a_reason_is_required_and_the_duration_is_bounded() -> None:
    with pytest.raises(UserError) as told:
        cordon_node.arguments({"node": "user-1"})
    assert told.value.field == "reason"
    with pytest.raises(UserError) as told:
        cordon_node.arguments({**ASKED, "duration": "30d"})
    assert told.value.field == "duration"


def test_a_second_plan_does_nothing() -> None:
    (step,) = planned(cordon_node, seen(CORE, USER_1), **ASKED).steps
    assert isinstance(step, CordonNode)
    after = replace(
        USER_1,
        is_cordoned=True,
        annotations={
            CORDONED_BY: step.by,
            CORDONED_AT: step.at.isoformat(),
            CORDONED_UNTIL: step.until.isoformat(),
            CORDONED_WHY: step.why,
        },
    )
    again = planned(cordon_node, seen(CORE, after), **ASKED)
    assert again.steps == ()
    assert "<@U0BEN>" in again.nothing_to_do
    (back,) = planned(uncordon_node, seen(CORE, after), node="user-1").steps
    assert back == step.undo
    assert planned(uncordon_node, seen(CORE, USER_1), node="user-1").nothing_to_do


def test_uncordoning_another_ones_cordon_says_so() -> None:
    plan = planned(uncordon_node, seen(CORE, FOREIGN), node="user-1")
    assert len(plan.steps) == 1
    (caution,) = plan.cautions
    assert "not cordoned by mayday but by somebody else" in caution
    assert "2026-11-22 11:55 UTC" in caution
    (own,) = planned(uncordon_node, seen(CORE, CORDONED), node="user-1").steps
    assert own != plan.steps[0]


def test_uncordoning_an_unready_node_says_that_nothing_starts_there() -> None:
    node = replace(CORDONED, ready=None, why="NodeStatusUnknown")
    (caution,) = planned(uncordon_node, seen(node), node="user-1").cautions
    assert "isn't Ready: NodeStatusUnknown" in caution


def test_what_is_written_to_a_node_by_others_mentions_nobody() -> None:
    forged = replace(CORDONED, annotations={**OWN, CORDONED_BY: "!channel"})
    assert "<!channel>" not in planned(cordon_node, seen(forged), **ASKED).nothing_to_do


def test_another_ones_cordon_of_meanwhile_is_left_alone() -> None:
    """Whoever cordons the node after the last look at the plan keeps their cordon."""
    (step,) = planned(uncordon_node, seen(CORE, CORDONED), node="user-1").steps
    party = Scripted(around=ClusterFacts(nodes=View(items=(CORE, FOREIGN))))
    with pytest.raises(UserError, match="cordoned again by somebody else"):
        step.perform(site(party))
    assert party.around.node("user-1") == FOREIGN

    party.around = ClusterFacts(nodes=View(items=(CORE, CORDONED)))
    for _after_a_kill in range(2):
        step.perform(site(party))
        assert party.around.node("user-1") == USER_1
