"""The inbox: what Slack tells of a message ends the same in whichever order it is dealt with."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.domain.timeline import Message
from bot.services.record import Record
from bot.services.settings import Settings
from bot.slack.inbox import Inbox
from bot.store import timeline as rows
from bot.store.engine import Store
from tests.support.rows import CHANNEL, NOW, POLICY, TEAM, Hands, stored

TS, EDITED = "1487895900.000100", "1487895960.000200"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(f"sqlite:///{tmp_path / 'mayday.db'}")
    made.migrate()
    stored(made)
    yield made
    made.close()


@pytest.fixture
def inbox(store: Store) -> Inbox:
    settings = Settings(
        policy=POLICY,
        intervals={},
        reactions={},
        groups=(),
        channel_template="inc-{date}-{slug}",
        announce_channel="",
        zone=ZoneInfo("UTC"),
        report_form="2017",
        hubs={},
        may_run_users=frozenset(),
        may_run_groups=frozenset(),
    )
    clock = Hands(NOW)
    record = Record(store, clock, settings, team_url=lambda: "https://practice.slack.com/")
    return Inbox(store, record, clock)


def delivery(number: int, **event: Any) -> dict[str, Any]:
    """An event of the incident's channel, as Slack wraps it."""
    return {
        "type": "event_callback",
        "event_id": f"Ev{number}",
        "team_id": TEAM,
        "event": {"type": "message", "channel": CHANNEL, **event},
    }


FIRST = {"ts": TS, "user": "U0ANA", "text": "the poxy is gone"}
SECOND = {**FIRST, "text": "the proxy is gone", "edited": {"user": "U0ANA", "ts": EDITED}}
SAID = delivery(1, **FIRST)
CHANGED = delivery(2, subtype="message_changed", message=SECOND, previous_message=FIRST)
DELETED = delivery(3, subtype="message_deleted", deleted_ts=TS, previous_message=SECOND)


def only(store: Store) -> tuple[Message, list[str]]:
    """The one message, and what it said before its edits."""
    with store.read() as tx:
        (message,) = rows.messages(tx, TEAM, CHANNEL)
        past = rows.revisions(tx, message.key)
    return message, [str(one["text"]) for one in past if one["change"] == "edited"]


@pytest.mark.parametrize("order", list(permutations([SAID, CHANGED])))
def test_an_edit_may_overtake_its_message(
    inbox: Inbox, store: Store, order: tuple[dict[str, Any], ...]
) -> None:
    for body in order:
        inbox.keep(body)
        inbox.deal_with(body)
    message, past = only(store)
    assert (message.text, past) == ("the proxy is gone", ["the poxy is gone"])
    assert message.deleted_at is None


@pytest.mark.parametrize("order", list(permutations([SAID, CHANGED, DELETED])))
def test_a_deletion_may_overtake_everything(
    inbox: Inbox, store: Store, order: tuple[dict[str, Any], ...]
) -> None:
    for body in order:
        inbox.keep(body)
        inbox.deal_with(body)
    message, _ = only(store)
    assert message.text == "the proxy is gone"
    assert message.deleted_at is not None
