"""Operators are notified once of deliveries that mayday gave up, also after a kill."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from slack_sdk import WebClient
from sqlalchemy import update

from bot import deadline
from bot.adapters.slack import SlackChat
from bot.domain.limits import Limits
from bot.ports import Post
from bot.services.operators import Operators
from bot.store import given_up as rows
from bot.store.engine import Store
from bot.store.tables import inbox
from sandbox.slack import SlackSandbox

CHANNEL = "#general"
BOTH = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
SECRET = "DataError: (psycopg.DataError) the hub of project Swan is down"


class Killed(BaseException):
    """The process is killed."""


@pytest.fixture
def chat(slack: SlackSandbox) -> SlackChat:
    return SlackChat(WebClient(token=slack.bot_token, base_url=slack.api_url))


def give_up(store: Store, *keys: str, error: str = SECRET) -> None:
    """Give up deliveries, as the inbox does."""
    with store.write() as tx:
        for key in keys:
            rows.put_back(tx, key)
            tx.execute(inbox.delete().where(inbox.c.key == key))
            tx.execute(
                inbox.insert().values(
                    key=key,
                    payload={},
                    received_at=datetime(2026, 11, 22, 12, tzinfo=UTC),
                    attempts=8,
                    error=error,
                    given_up_at=store.now(tx),
                )
            )


def operators(store: Store, chat: Any, channel: str = CHANNEL) -> Operators:
    return Operators(store, chat, Limits(), channel=channel)


def posted(slack: SlackSandbox) -> list[str]:
    """The messages in the operators' channel."""
    return [m["text"] for m in slack.messages("general") if m.get("user") == slack.bot_user_id]


def let_claims_lapse(store: Store) -> None:
    with store.write() as tx:
        ago = store.now(tx) - timedelta(seconds=1)
        tx.execute(update(inbox).values(claimed_until=ago))


def unnotified(store: Store) -> int:
    with store.read() as tx:
        return len(tx.execute(inbox.select().where(inbox.c.notified_at.is_(None))).all())


@BOTH
def test_what_was_given_up_is_told_once(store: Store, chat: SlackChat, slack: SlackSandbox) -> None:
    give_up(store, "event/Ev1", "event/Ev2")
    assert operators(store, chat).notify_given_up() == 2
    let_claims_lapse(store)
    assert operators(store, chat).notify_given_up() == 0
    (text,) = posted(slack)
    assert "2 deliveries" in text
    assert "event/Ev1" in text
    assert "event/Ev2" in text
    assert "mayday doctor --retry all" in text


def test_what_an_error_quotes_is_not_told(
    store: Store, chat: SlackChat, slack: SlackSandbox
) -> None:
    give_up(store, "event/Ev1")
    operators(store, chat).notify_given_up()
    (text,) = posted(slack)
    assert "DataError" in text
    assert "Swan" not in text


def test_a_process_suspended_after_its_claim_posts_nothing_later(
    store: Store, chat: SlackChat, slack: SlackSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another replica may have posted the same batch meanwhile."""
    give_up(store, "event/Ev1")
    claim = rows.claim_unnotified

    def claim_and_sleep(*args: Any, **more: Any) -> rows.Batch | None:
        batch = claim(*args, **more)
        later = SimpleNamespace(monotonic=lambda: time.monotonic() + 60)
        monkeypatch.setattr(deadline, "time", later)
        return batch

    chat.resolve(CHANNEL)
    with monkeypatch.context() as patched:
        patched.setattr(rows, "claim_unnotified", claim_and_sleep)
        assert operators(store, chat).notify_given_up() == 0
    assert (posted(slack), unnotified(store)) == ([], 1)


@BOTH
def test_a_kill_between_the_post_and_its_record_doubles_nothing(
    store: Store, chat: SlackChat, slack: SlackSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_up(store, "event/Ev1")
    post = chat.post

    def post_and_die(*args: Any, **more: Any) -> str:
        post(*args, **more)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(chat, "post", post_and_die)
        with pytest.raises(Killed):
            operators(store, chat).notify_given_up()
    assert unnotified(store) == 1
    # Another one leaves it alone while the request may still have an effect.
    assert operators(store, chat).notify_given_up() == 0
    give_up(store, "event/Ev2")
    let_claims_lapse(store)
    assert operators(store, chat).notify_given_up() == 2
    assert unnotified(store) == 0
    one, two = posted(slack)
    assert "event/Ev1" in one
    assert "event/Ev2" in two


@BOTH
def test_two_replicas_tell_it_once(store: Store, chat: SlackChat, slack: SlackSandbox) -> None:
    give_up(store, *(f"event/Ev{number}" for number in range(60)))
    at_once = threading.Barrier(2)

    def notify() -> int:
        at_once.wait(10)
        return operators(store, chat).notify_given_up()

    with ThreadPoolExecutor(2) as pool:
        done = [future.result(60) for future in [pool.submit(notify) for _ in range(2)]]
    assert sum(done) == 60
    keys = [f"event/Ev{number}" for number in range(60)]
    assert unnotified(store) == 0
    assert len(posted(slack)) == 2
    for text in posted(slack):
        assert sum(f"`{key}`" in text for key in keys) == 10


def test_a_channel_that_does_not_exist_is_tried_again(
    store: Store, chat: SlackChat, slack: SlackSandbox
) -> None:
    give_up(store, "event/Ev1")
    assert operators(store, chat, "#nowhere").notify_given_up() == 0
    assert (posted(slack), unnotified(store)) == ([], 1)
    let_claims_lapse(store)
    assert operators(store, chat).notify_given_up() == 1
    assert len(posted(slack)) == 1


def test_without_a_channel_it_is_logged(
    store: Store, chat: SlackChat, slack: SlackSandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    give_up(store, "event/Ev1")
    assert operators(store, chat, "").notify_given_up() == 1
    assert "event/Ev1" in capsys.readouterr().out
    assert (posted(slack), unnotified(store)) == ([], 0)


def test_what_fails_again_after_it_was_put_back_is_told_again(
    store: Store, chat: SlackChat, slack: SlackSandbox
) -> None:
    give_up(store, "event/Ev1")
    operators(store, chat).notify_given_up()
    with store.write() as tx:
        assert rows.put_back(tx, "event/Ev1") == 1
    assert operators(store, chat).notify_given_up() == 0
    give_up(store, "event/Ev1")
    assert operators(store, chat).notify_given_up() == 1
    assert len(posted(slack)) == 2


def test_a_message_is_posted_once_for_its_key(
    store: Store, chat: SlackChat, slack: SlackSandbox
) -> None:
    for _ in range(2):
        operators(store, chat).notify("skew/slack", Post(text="The clocks differ."))
    assert posted(slack) == ["The clocks differ."]
