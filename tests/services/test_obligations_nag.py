"""People are reminded of what they have to take back, and the doctor lists what is open."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import update

from bot.domain.obligations import ObligationOutcome
from bot.errors import RetryLater, UserError
from bot.services.examine_obligations import check_obligations
from bot.services.obligations import NAG_EVERY
from bot.store import runs as run_rows
from bot.store.engine import Store
from bot.store.tables import incident as incident_table
from tests.support.fleet import USER_1
from tests.support.hubs import NOW
from tests.support.rows import CHANNEL, Hands
from tests.support.scripted import site
from tests.support.shift import RUN, Shift
from tests.support.steps import CORDON, SCALE, STARTED

# --- reminding ----------------------------------------------------------------------------------


@pytest.fixture
def cordoned(store: Store) -> Shift:
    """A run that cordoned a node more than twelve hours ago."""
    with store.write() as tx:
        run_rows.add(tx, replace(RUN, runbook="cordon-node"))
    made = Shift(store=store, clock=Hands(STARTED))
    CORDON.perform(site(made.party))
    made.left(CORDON)
    made.clock.at = STARTED + timedelta(hours=12, seconds=1)
    return made


def test_people_are_reminded_every_hour_until_it_is_done(cordoned: Shift) -> None:
    shift = cordoned
    assert shift.replica().tick() == 1
    assert shift.replica().tick() == 0
    ((channel, text),) = shift.slack.texts
    assert channel == CHANNEL
    assert "<@U0ANA>" in text
    assert "uncordon node `user-1`" in text
    assert "run uncordon-node datahub node=user-1" in text
    assert shift.messages() == [text]
    (_channel, _effect, post) = shift.slack.posts[0]
    (button,) = [e for block in post.blocks for e in block.get("elements", []) if "value" in e]
    assert button["value"] == "run1/1"
    assert shift.replica().planned_by("run1/1") == (
        "uncordon-node",
        "datahub",
        {"node": "user-1"},
    )

    shift.clock.at += NAG_EVERY
    shift.replica().tick()
    assert len(shift.slack.posts) == 2
    assert any(node.is_cordoned for node in shift.nodes), "never by itself"

    undo = CORDON.undo
    undo.perform(site(shift.party))
    shift.clock.at += NAG_EVERY
    shift.replica().tick()
    assert len(shift.slack.posts) == 2
    assert shift.row().outcome is ObligationOutcome.DONE
    assert shift.replica().tick() == 0


def test_a_node_that_is_gone_needs_no_reminder(cordoned: Shift) -> None:
    cordoned.nodes = (replace(USER_1, uid="uid-new"),)
    cordoned.replica().tick()
    assert cordoned.slack.posts == []
    assert cordoned.row().outcome is ObligationOutcome.DONE


def test_a_later_cordon_has_its_own_reminder(cordoned: Shift) -> None:
    CORDON.undo.perform(site(cordoned.party))
    later = replace(CORDON, at=STARTED + timedelta(hours=6))
    later.perform(site(cordoned.party))
    cordoned.replica().tick()
    assert cordoned.slack.posts == []
    assert cordoned.row().outcome is ObligationOutcome.SKIPPED


def test_people_are_reminded_of_what_can_not_be_read(cordoned: Shift) -> None:
    cordoned.party.fails = {"look": RetryLater("The cluster doesn't answer.")}
    cordoned.replica().tick()
    ((_channel, text),) = cordoned.slack.texts
    assert "mayday can't read whether somebody did it meanwhile: The cluster" in text


def test_a_direct_message_has_no_button_that_needs_a_channel(cordoned: Shift) -> None:
    with cordoned.store.write() as tx:
        tx.execute(update(incident_table).values(status="closed", closed_at=NOW))
    cordoned.replica().tick()
    ((channel, _effect, post),) = cordoned.slack.posts
    assert channel == "D-U0ANA"
    assert all(block["type"] != "actions" for block in post.blocks)
    assert "run uncordon-node datahub node=user-1" in post.text


@pytest.fixture
def scaled(store: Store) -> Shift:
    """A run that scaled the placeholders from 0 to 20 two hours ago."""
    with store.write() as tx:
        run_rows.add(tx, RUN)
    made = Shift(store=store, clock=Hands(STARTED))
    made.left(SCALE)
    made.clock.at = STARTED + timedelta(hours=2, seconds=1)
    return made


# --- the doctor ---------------------------------------------------------------------------------


def test_the_doctor_lists_open_overdue_and_failed_ones(scaled: Shift) -> None:
    def found(at: datetime) -> tuple[bool | None, str, list[str]]:
        with scaled.store.read() as tx:
            made = check_obligations(tx, at)
        return made.ok, made.summary, [line for line, _data in made.items]

    due = STARTED + timedelta(hours=2)
    line = "datahub: scale of run run1, mayday takes it back 2026-11-22 11:30:00 UTC"
    assert found(due) == (
        True,
        "To be taken back: 1, overdue: 0, done by nobody: 0.",
        [line],
    )
    assert found(due + timedelta(minutes=6))[:2] == (
        False,
        "To be taken back: 1, overdue: 1, done by nobody: 0.",
    )
    scaled.party.fails = {"scale": UserError("mayday isn't allowed to scale.", code="403")}
    scaled.replica().tick()
    ok, summary, lines = found(scaled.clock())
    assert (ok, summary) == (False, "To be taken back: 0, overdue: 0, done by nobody: 1.")
    assert "needs a person: mayday isn't allowed to scale." in lines[0]
    assert found(scaled.clock() + timedelta(days=8))[0] is True
