"""Grow a volume: facts in, plan out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.domain.cluster import Claim, ClusterFacts
from bot.domain.evidence import View
from bot.domain.facts import HubFacts, Part
from bot.domain.quantities import bytes_of, size_of
from bot.errors import UserError
from bot.runbook import GrowVolume
from bot.runbook.plan import Plan
from runbooks.grow_volume import grow_volume
from tests.support.hubs import healthy
from tests.support.scripted import Scripted, site

GI = 2**30
CLAIM = Claim(
    name="hub-db-dir",
    uid="uid-claim",
    phase="Bound",
    storage_class="standard",
    capacity=GI,
    requested=GI,
    can_grow=True,
)


def seen(*claims: Claim, unknown: str = "") -> HubFacts:
    view = View(items=claims).marked_incomplete(unknown)
    return replace(healthy("ana"), around=ClusterFacts(claims=view), asked=frozenset({Part.CLAIMS}))


def planned(facts: HubFacts, size: str = "2Gi") -> Plan:
    asked = {"claim": "hub-db-dir", "size": size}
    return grow_volume.plan(facts, grow_volume.arguments(asked))


def test_it_grows_the_claim_with_its_uid() -> None:
    plan = planned(seen(CLAIM))
    (step,) = plan.steps
    assert isinstance(step, GrowVolume)
    assert (step.uid, step.found, step.size) == ("uid-claim", GI, 2 * GI)
    assert plan.destructive
    assert "can't be made smaller" in plan.summary


@pytest.mark.parametrize(
    ("changed", "size", "said"),
    [
        ({"name": "other"}, "2Gi", "no claim hub-db-dir in namespace datahub-prod"),
        ({}, "1Gi", "already requests 1Gi"),
        ({}, "200Gi", "more than 100 times the 1Gi"),
        ({}, "999999999Ti", "more than 100 times the 1Gi"),
        ({"requested": 3 * GI}, "2Gi", "already requests 3Gi"),
        ({"can_grow": False}, "2Gi", "StorageClass standard of claim hub-db-dir doesn't allow"),
        ({"storage_class": "", "can_grow": None}, "2Gi", "has no StorageClass"),
        ({"phase": "Pending"}, "2Gi", "is Pending: it has no volume"),
    ],
)
def test_nothing_to_grow(changed: dict[str, Any], size: str, said: str) -> None:
    plan = planned(seen(replace(CLAIM, **changed)), size)
    assert (plan.steps, plan.undecided) == ((), ())
    assert said in plan.nothing_to_do


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        (seen(replace(CLAIM, can_grow=None)), "can't tell whether the StorageClass"),
        (seen(replace(CLAIM, requested=None)), "can't tell how much"),
        (seen(unknown="The list is incomplete."), "The list is incomplete."),
    ],
)
def test_what_is_not_known_is_not_decided(facts: HubFacts, said: str) -> None:
    plan = planned(facts)
    assert (plan.steps, plan.nothing_to_do) == ((), "")
    assert said in plan.undecided[0].why


def test_a_second_plan_does_nothing() -> None:
    assert "already requests 2Gi" in planned(seen(replace(CLAIM, requested=2 * GI))).nothing_to_do


def test_growing_it_many_times_is_a_caution() -> None:
    assert planned(seen(CLAIM), "2.5Gi").cautions == ()
    (caution,) = planned(seen(CLAIM), "20Gi").cautions
    assert "20 times as much" in caution


@pytest.mark.parametrize("size", ["20", "20GB", "-1Gi", "Gi", "much", "9" * 300 + "Ti", "٣Gi"])
def test_a_size_is_checked_when_it_is_typed(size: str) -> None:
    with pytest.raises(UserError) as told:
        grow_volume.arguments({"claim": "hub-db-dir", "size": size})
    assert told.value.field == "size"


@pytest.mark.parametrize(
    ("changed", "holds", "said"),
    [
        ({"capacity": 2 * GI}, True, "capacity"),
        ({"conditions": ("FileSystemResizePending",)}, True, "waits"),
        ({"conditions": ("Resizing",)}, False, "capacity"),
        ({"uid": "uid-other", "capacity": 2 * GI}, False, ""),
    ],
)
def test_its_success(changed: dict[str, Any], holds: bool, said: str) -> None:
    (step,) = planned(seen(CLAIM)).steps
    around = ClusterFacts(claims=View(items=(replace(CLAIM, **changed),)))
    look = step.look(site(Scripted(around=around)), lambda: seen())
    assert look.holds is holds
    assert not said or said in look.seen


def test_sizes() -> None:
    assert bytes_of("1.5Gi") == 3 * 2**29
    assert bytes_of("1 Gb") is None
    assert [size_of(n) for n in (2**20, 3 * 2**29, 2**40, None)] == ["1Mi", "1.5Gi", "1Ti", "?"]
