"""A declaration alone: the form is stored once, or rejected at the invalid field."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from bot.domain.incident import Incident
from bot.errors import UserError
from bot.services.declare import Declaration
from bot.store import incidents as rows
from bot.store.engine import Store
from tests.support.desk import ANA, ELSEWHERE, Desk
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
    declare(desk)
    declare(desk, idempotency_key="V0OTHER")
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
