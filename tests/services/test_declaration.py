"""A declaration alone: the form is stored once, or rejected at the invalid field."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from bot.domain.incident import Incident
from bot.domain.milestones import Milestone
from bot.errors import UserError
from bot.services.declare import AlreadyOpenError, Declaration
from bot.store import incidents as rows
from bot.store.engine import Store
from tests.support.desk import ANA, BEN, ELSEWHERE, Desk
from tests.support.rows import TEAM


@pytest.fixture
def desk(database_url: str) -> Iterator[Desk]:
    """A desk without incidents."""
    store = Store(database_url)
    store.migrate()
    yield Desk(store)
    store.close()


def declare(desk: Desk, **values: Any) -> Incident:
    """Declare what the form says."""
    form = {
        "idempotency_key": "V0FORM",
        "team_id": TEAM,
        "declared_by": ANA,
        "title": "Proxy was evicted",
        "severity": "sev2",
    }
    return desk.context.declare.declare(Declaration(**{**form, **values}))


def incidents(desk: Desk) -> list[Incident]:
    """All declared incidents."""
    with desk.store.read() as tx:
        return rows.unclosed(tx)


def test_the_form_is_filled_from_the_command(desk: Desk) -> None:
    desk.command("declare Proxy &lt;gone&gt; &amp; more", channel=ELSEWHERE)
    view = desk.slack.views[-1]
    inputs = {b["block_id"]: b for b in view["blocks"] if b["type"] == "input"}
    assert inputs["title"]["element"]["initial_value"] == "Proxy <gone> & more"
    assert set(inputs) >= {"title", "severity", "hubs", "summary", "private"}


def test_what_the_form_says_is_stored(desk: Desk) -> None:
    desk.command("declare Proxy was evicted", channel=ELSEWHERE)
    told = {
        "severity": "sev1",
        "summary": "Nobody can log in.\nSince 16:25.",
        "private": ["private"],
    }
    assert desk.submit(told).acks == [{}]
    (incident,) = incidents(desk)
    assert (incident.title, incident.severity, incident.status) == (
        "Proxy was evicted",
        "sev1",
        "investigating",
    )
    assert incident.summary == told["summary"]
    assert (incident.hubs, incident.private) == (("datahub",), True)
    assert (incident.declared_by, incident.origin_channel) == (ANA, ELSEWHERE)
    ((where, who, text),) = desk.slack.shown
    assert (where, who) == (ELSEWHERE, ANA)
    assert incident.channel_name in text


def test_the_same_form_again_is_the_same_incident(desk: Desk) -> None:
    first = declare(desk)
    assert declare(desk, title="Something else") == first
    assert incidents(desk) == [first]
    assert len(desk.work.keys) == 1


def test_another_form_with_the_same_title_gets_another_name(desk: Desk) -> None:
    first = declare(desk)
    with pytest.raises(AlreadyOpenError):
        declare(desk, idempotency_key="V0OTHER")
    declare(desk, idempotency_key="V0OTHER", seen=[first.id])
    names = [incident.channel_name for incident in incidents(desk)]
    assert sorted(names) == sorted({names[0], f"{min(names)}-2"})


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"title": " \n "}, "title"),
        ({"title": "x" * 151}, "title"),
        ({"severity": "sev9"}, "severity"),
        ({"hubs": ("nohub",)}, "hubs"),
    ],
)
def test_what_cannot_be_declared_names_its_field_and_leaves_nothing(
    desk: Desk, values: dict[str, Any], field: str
) -> None:
    with pytest.raises(UserError) as wrong:
        declare(desk, **values)
    assert wrong.value.field == field
    assert incidents(desk) == []
    assert desk.work.keys == []


def test_of_two_who_declare_one_outage_at_once_the_second_is_offered_the_first(desk: Desk) -> None:
    gate = threading.Barrier(2)
    declared: list[Incident] = []
    offered: list[Incident] = []

    def act(user: str) -> None:
        gate.wait()
        try:
            declared.append(declare(desk, idempotency_key=f"V0{user}", declared_by=user))
        except AlreadyOpenError as exc:
            offered.extend(exc.found)

    threads = [threading.Thread(target=act, args=(user,)) for user in (ANA, BEN)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(declared) == 1
    assert offered == declared == incidents(desk)


def test_numbers_have_no_gaps_however_many_declare_at_once(desk: Desk) -> None:
    names = ("Proxy", "Hub", "Logins", "Kernels", "Nodes")
    threads = [
        threading.Thread(target=lambda n=name: declare(desk, idempotency_key=n, title=n))
        for name in names
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(each.number for each in incidents(desk)) == [1, 2, 3, 4, 5]


def test_a_past_incident_is_resolved_and_has_no_reminders(desk: Desk) -> None:
    desk.command("declare past sev2 datahub Proxy was evicted", channel=ELSEWHERE)
    assert desk.submit({"began": "2017-02-20 21:10", "resolved": "22:03"}).acks == [{}]
    (incident,) = incidents(desk)
    assert incident.was_over
    assert incident.status == "resolved"
    with desk.store.read() as tx:
        assert rows.reminder_of(tx, incident.id) is None
    resolved = incident.milestones[Milestone.RESOLVED]
    assert resolved.at.astimezone(desk.settings.zone).day == 20


@pytest.mark.parametrize(
    ("times", "field"),
    [
        ({"began": "2017-02-20 21:10", "resolved": "soon"}, "resolved"),
        ({"began": "never", "resolved": "2017-02-20 21:10"}, "began"),
        ({"began": "2017-02-20 21:10", "resolved": "2017-02-20 20:10"}, "resolved"),
    ],
)
def test_a_past_incidents_times_are_checked(desk: Desk, times: dict[str, str], field: str) -> None:
    desk.command("declare past sev2 datahub Proxy was evicted", channel=ELSEWHERE)
    assert field in desk.submit(times).errors
    assert incidents(desk) == []
