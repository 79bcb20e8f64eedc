"""When each kind of reminder is due, by what was recorded."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.domain.business_hours import BusinessHours
from bot.domain.incident import Incident
from bot.domain.leading import in_charge, leader, speaker
from bot.domain.reminders import Activity, Due, Reminder, ReminderKind, ReminderRules, due, snoozed
from tests.support.rows import NOW, POLICY, incident

LEAD, STALE, ROLLBACK = ReminderKind.LEAD, ReminderKind.STALE, ReminderKind.ROLLBACK
NOBODY = replace(POLICY, declarer_leads=False)
RULES = ReminderRules(
    lead={"sev1": timedelta(minutes=5), "sev2": timedelta(minutes=10)},
    stale=timedelta(hours=4),
    rollback=timedelta(minutes=10),
)


def after(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


def seen(written: float = 0, progress: float = 0, began: float = 0) -> Activity:
    return Activity(began_at=after(began), written_at=after(written), progress_at=after(progress))


def is_due(kind: ReminderKind, activity: Activity, **values: Any) -> float | None:
    """Minutes after the declaration."""
    row = Reminder(
        incident_id="a",
        number=1,
        due_at=NOW,
        kind=kind,
        **{name: values.pop(name) for name in list(values) if name in Reminder.__annotations__},
    )
    policy, rules = values.pop("policy", NOBODY), values.pop("rules", RULES)
    found = due(row, incident(**values), activity, policy=policy, rules=rules)
    return None if found is None else (found.at - NOW) / timedelta(minutes=1)


TABLE = [
    # nobody leads
    (LEAD, seen(), {}, 10),
    (LEAD, seen(written=9, progress=9), {}, 10),
    (LEAD, seen(), {"severity": "sev1"}, 5),
    (LEAD, seen(), {"severity": "unheard of"}, 5),
    (LEAD, seen(), {"since": after(10)}, 20),
    (LEAD, seen(began=60), {}, 70),
    (LEAD, seen(), {"roles": {"commander": "U0BEN"}}, None),
    (LEAD, seen(), {"roles": {"scribe": "U0BEN"}}, 10),
    (LEAD, seen(), {"policy": POLICY}, None),  # the declarer leads
    (LEAD, seen(), {"policy": replace(NOBODY, leading="scribe"), "roles": {"scribe": "U"}}, None),
    (LEAD, seen(), {"rules": ReminderRules()}, None),
    (LEAD, seen(), {"ended_at": after(1)}, None),
    (LEAD, seen(), {"not_before": after(30)}, 30),
    (LEAD, seen(), {"not_before": after(3)}, 10),
    # nobody writes
    (STALE, seen(), {}, 240),
    (STALE, seen(written=100), {}, 340),
    (STALE, seen(written=100), {"since": after(300)}, 540),
    (STALE, seen(progress=100), {}, 240),
    # nothing moves on
    (ROLLBACK, seen(), {}, 10),
    (ROLLBACK, seen(written=9), {}, 10),  # talk is no progress
    (ROLLBACK, seen(progress=7), {}, 17),
    (ROLLBACK, seen(progress=7), {"since": after(17)}, None),  # said once
    (ROLLBACK, seen(progress=18), {"since": after(17)}, 28),
    (ROLLBACK, seen(), {"status": "fixing"}, 10),
    (ROLLBACK, seen(), {"status": "monitoring"}, None),
    (ROLLBACK, seen(), {"ended_at": after(1)}, None),
]


@pytest.mark.parametrize(("kind", "activity", "values", "minutes"), TABLE)
def test_when_it_is_due(
    kind: ReminderKind, activity: Activity, values: dict[str, Any], minutes: float | None
) -> None:
    assert is_due(kind, activity, **values) == minutes


def test_lesser_severities_wait_for_business_hours() -> None:
    hours = BusinessHours(
        days=frozenset({4}),
        begins=9 * 60,
        ends=17 * 60,
        zone=ZoneInfo("UTC"),
        severities=frozenset({"sev3"}),
    )
    rules = replace(RULES, hours=hours)
    row = Reminder(incident_id="a", number=1, due_at=NOW, kind=STALE)
    found = [
        due(row, incident(severity=severity), seen(), policy=POLICY, rules=rules)
        for severity in ("sev1", "sev3")
    ]
    opened = datetime(2017, 2, 24, 9, tzinfo=UTC)
    assert found == [Due(at=after(240), since=NOW), Due(at=opened, since=NOW)]


def test_a_snooze_never_shortens() -> None:
    assert snoozed(None, after(5)) == after(5)
    assert snoozed(after(3), after(5)) == after(5)
    assert snoozed(after(9), after(5)) == after(9)


PEOPLE = [
    ({}, "U0ANA", "U0ANA", "U0ANA"),
    ({"commander": "U0BEN"}, "U0BEN", "U0BEN", "U0BEN"),
    ({"communications": "U0CAM"}, "U0ANA", "U0CAM", "U0ANA"),
    ({"commander": "U0BEN", "communications": "U0CAM"}, "U0BEN", "U0CAM", "U0BEN"),
]


@pytest.mark.parametrize(("roles", "leads", "speaks", "answers"), PEOPLE)
def test_who_leads_and_who_speaks(
    roles: dict[str, str], leads: str, speaks: str, answers: str
) -> None:
    policy = replace(POLICY, speaking="communications")
    one: Incident = incident(roles=roles)
    assert (leader(one, policy), speaker(one, policy), in_charge(one, policy)) == (
        leads,
        speaks,
        answers,
    )


def test_without_declarers_that_lead_nobody_does_until_somebody_takes_over() -> None:
    assert (leader(incident(), NOBODY), speaker(incident(), NOBODY)) == ("", "")
    assert in_charge(incident(), NOBODY) == "U0ANA"
    assert leader(incident(), replace(POLICY, roles=())) == ""
