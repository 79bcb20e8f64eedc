"""The five times of an incident and the durations between them."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.domain.milestones import Milestone, disordered, durations
from bot.domain.typed_time import TypedTime
from tests.support.rows import NOW, incident

HOUR = timedelta(hours=1)


def at(hours: float, **more: bool) -> TypedTime:
    return TypedTime(at=NOW + hours * HOUR, **more)


def test_declaring_and_resolving_are_known_without_being_set() -> None:
    later = NOW + HOUR
    assert dict(incident().times) == {Milestone.DECLARED: at(0)}
    known = incident(status="resolved", resolved_at=later).times
    assert dict(known) == {Milestone.DECLARED: at(0), Milestone.RESOLVED: at(1)}


def test_what_people_set_comes_first_and_the_order_is_kept() -> None:
    told = {Milestone.RESOLVED: at(3), Milestone.IMPACT: at(-2), Milestone.DECLARED: at(-1)}
    known = incident(resolved_at=datetime.max.replace(tzinfo=NOW.tzinfo), milestones=told).times
    assert list(known) == [Milestone.IMPACT, Milestone.DECLARED, Milestone.RESOLVED]
    assert dict(known) == told


def test_durations_are_counted_from_the_start_of_impact() -> None:
    times = {Milestone.IMPACT: at(0), Milestone.DETECTED: at(0.5), Milestone.RESOLVED: at(2)}
    assert [(one.to, one.length) for one in durations(times)] == [
        (Milestone.DETECTED, 0.5 * HOUR),
        (Milestone.RESOLVED, 2 * HOUR),
    ]
    assert durations({Milestone.DETECTED: at(0), Milestone.RESOLVED: at(1)}) == ()


def test_a_duration_is_about_if_one_of_its_times_is() -> None:
    times = {
        Milestone.IMPACT: at(0),
        Milestone.MITIGATED: at(1, is_about=True),
        Milestone.RESOLVED: at(2),
    }
    assert [one.is_about for one in durations(times)] == [True, False]
    assert all(one.is_about for one in durations(times | {Milestone.IMPACT: at(0, is_about=True)}))


def test_no_duration_is_negative_and_each_wrong_order_is_named() -> None:
    times = {
        Milestone.IMPACT: at(0),
        Milestone.DETECTED: at(-1),
        Milestone.MITIGATED: at(1),
        Milestone.RESOLVED: at(1),
    }
    assert [one.to for one in durations(times)] == [Milestone.MITIGATED, Milestone.RESOLVED]
    assert disordered(times) == ((Milestone.IMPACT, Milestone.DETECTED),)
