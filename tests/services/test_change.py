"""Each change is one transaction and one action. Redelivery changes nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.bootstrap import Bot
from bot.domain.incident import Answers
from bot.domain.state_change import StateChange
from bot.errors import UserError
from bot.services.change import Changes
from bot.store import incidents as rows
from bot.store.engine import Store
from sandbox.slack import Channel, SlackSandbox
from tests.support.bot import Scene
from tests.support.desk import ANA, BEN, Desk
from tests.support.rows import stored
from tests.support.waiting import wait_until

Verb = Callable[[Changes, StateChange], object]

VERBS: dict[str, Verb] = {
    "status": lambda changes, change: changes.status(change, "fixing", "now"),
    "severity": lambda changes, change: changes.severity(change, "sev1"),
    "role": lambda changes, change: changes.role(change, "scribe", "U0BEN"),
    "take role": lambda changes, change: changes.take_role(change, "commander"),
    "update": lambda changes, change: changes.update(change, "Still looking."),
    "action item": lambda changes, change: changes.action_item(change, "Add an alert."),
    "resolve": lambda changes, change: changes.status(change, "resolved"),
}


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """A database with one incident."""
    made = Store(database_url)
    made.migrate()
    stored(made)
    yield made
    made.close()


@pytest.fixture
def desk(store: Store) -> Desk:
    return Desk(store)


@pytest.fixture
def changes(desk: Desk) -> Changes:
    return desk.context.changes


def by_ana(desk: Desk, idempotency_key: str = "command/1") -> StateChange:
    """A change by Ana."""
    return StateChange(incident_id=desk.incident.id, by=ANA, idempotency_key=idempotency_key)


def state(desk: Desk) -> Any:
    """The state of an incident."""
    with desk.store.read() as tx:
        reminder = rows.reminder_of(tx, desk.incident.id)
        items = rows.items(tx, desk.incident.id)
    return desk.incident, desk.entries, reminder, items


@pytest.mark.parametrize("verb", VERBS)
def test_the_same_act_again_changes_nothing(desk: Desk, changes: Changes, verb: str) -> None:
    before = state(desk)
    VERBS[verb](changes, by_ana(desk))
    once = state(desk)
    assert once != before
    assert len(once[1]) == 1
    assert len(desk.work.keys) == 1, "the work commits with it"
    desk.now.at += timedelta(minutes=1)
    VERBS[verb](changes, by_ana(desk))
    assert state(desk) == once


def test_a_refused_change_leaves_nothing_behind(desk: Desk, changes: Changes) -> None:
    before = state(desk)
    refused: list[Callable[[], object]] = [
        lambda: changes.status(by_ana(desk), "broken"),
        lambda: changes.update(by_ana(desk), "  "),
        lambda: changes.action_item(by_ana(desk), " "),
        lambda: changes.action_item(by_ana(desk), "x", link="ftp://x"),
        lambda: changes.close(by_ana(desk), Answers(), title="x", summary="", hubs=()),
        lambda: changes.reopen(by_ana(desk)),
    ]
    for wrong in refused:
        with pytest.raises(UserError):
            wrong()
    assert state(desk) == before
    assert desk.work.keys == []


def test_a_role_that_somebody_has_is_not_taken(desk: Desk, changes: Changes) -> None:
    changes.role(by_ana(desk), "commander", BEN)
    before = state(desk)
    with pytest.raises(UserError, match="Somebody is already commander"):
        changes.take_role(by_ana(desk, "command/2"), "commander")
    assert state(desk) == before


def test_closing_takes_what_the_form_says(desk: Desk, changes: Changes) -> None:
    changes.status(by_ana(desk), "resolved")
    changes.close(
        by_ana(desk, "view/1"),
        Answers(texts={"impact": "No logins."}),
        title="CHP was evicted",
        summary=" All routes were lost. ",
        hubs=("datahub",),
    )
    closed = desk.incident
    assert (closed.title, closed.summary, closed.status, closed.hubs) == (
        "CHP was evicted",
        "All routes were lost.",
        "closed",
        ("datahub",),
    )
    assert closed.closed_at == desk.now()
    assert any(key.startswith("publish/") for key in desk.work.keys)


@pytest.mark.parametrize(
    "line", ["status fixing", "severity sev1", "role scribe", "update x", "resolve"]
)
def test_a_closed_incident_is_left_alone(desk: Desk, line: str) -> None:
    closed = replace(desk.incident, status="closed", closed_at=desk.now())
    with desk.store.write() as tx:
        rows.save(tx, closed)
    before = state(desk)
    assert "reopen it first" in desk.command(line).text.lower()
    assert state(desk) == before
    desk.command("reopen")
    assert desk.incident.is_open


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
def test_what_people_do_at_once_all_counts(desk: Desk, changes: Changes) -> None:
    """The row is locked: a later change sees the earlier one."""
    roles = desk.settings.policy.roles
    acts = [
        lambda n=n, role=role: changes.role(by_ana(desk, f"command/{n}"), role, ANA)
        for n, role in enumerate(roles)
    ]
    threads = [threading.Thread(target=do) for do in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    found = desk.incident
    assert set(found.roles) == set(roles)


# --- through the practice Slack ------------------------------------------------------------------


@pytest.fixture
def channel(scene: Scene) -> Channel:
    """An incident's channel."""
    return scene.declare()


def test_closing_asks_and_then_shows_that_it_is_over(
    bot: Bot, scene: Scene, slack: SlackSandbox, channel: Channel
) -> None:
    scene.ana.command(channel.id, "/incident resolve all well")
    scene.ana.command(channel.id, "/incident close")
    slack.wait_for(lambda: bool(scene.ana.views()), what="the form")
    view = scene.ana.views()[-1]
    answers = {"title": "CHP was evicted", "summary": "All routes were lost."}
    assert scene.ana.submit(view["id"], answers) == {}
    slack.wait_for(
        lambda: "*Status*\nclosed" in scene.posts(channel.id, "card")[0]["text"],
        what="the card says so",
    )
    wait_until(lambda: scene.entries(channel.id)[-1].kind == "published", "the report")


def test_an_action_item_of_afterwards_comes_into_the_report_that_is_out(
    bot: Bot, scene: Scene, channel: Channel
) -> None:
    def act(key: str) -> StateChange:
        incident_id = scene.incident(channel.id).id
        return StateChange(incident_id=incident_id, by=scene.ana.id, idempotency_key=key)

    changes = bot.services.changes
    changes.status(act("c/1"), "resolved")
    told = {"title": "Proxy evicted", "summary": "It was."}
    changes.close(act("c/2"), Answers(), hubs=("datahub",), **told)
    folder = bot.config.report.directory

    def published() -> str:
        return "".join(file.read_text(encoding="utf-8") for file in folder.glob("*.md"))

    wait_until(lambda: "Proxy evicted" in published(), "the report")
    scene.ana.command(channel.id, "/incident action add an alert on routes")
    wait_until(lambda: "add an alert on routes" in published(), "the report with the item")
    reply = scene.ana.command(channel.id, "/incident note the vendor called back")
    assert reply is not None
    wait_until(lambda: "the vendor called back" in published(), "the report with the note")
