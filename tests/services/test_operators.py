"""What mayday gives up is told to an operator once, whatever is killed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from slack_sdk import WebClient
from sqlalchemy import update

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
def store(database_url: str) -> Iterator[Store]:
    made = Store(database_url)
    made.migrate()
    yield made
    made.close()


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


def told(slack: SlackSandbox) -> list[str]:
    """The messages in the operators' channel."""
    return [m["text"] for m in slack.messages("general") if m.get("user") == slack.bot_user_id]


def let_claims_lapse(store: Store) -> None:
    with store.write() as tx:
        ago = store.now(tx) - timedelta(seconds=1)
        tx.execute(update(inbox).values(claimed_until=ago))


def untold(store: Store) -> int:
    with store.read() as tx:
        return len(tx.execute(inbox.select().where(inbox.c.told_at.is_(None))).all())


@BOTH
def test_what_was_given_up_is_told_once(store: Store, chat: SlackChat, slack: SlackSandbox) -> None:
    give_up(store, "event/Ev1", "event/Ev2")
    assert operators(store, chat).tell_given_up() == 2
    let_claims_lapse(store)
    assert operators(store, chat).tell_given_up() == 0
    (text,) = told(slack)
    assert "2 deliveries" in text
    assert "event/Ev1" in text
    assert "event/Ev2" in text
    assert "mayday doctor --retry all" in text


def test_what_an_error_quotes_is_not_told(
    store: Store, chat: SlackChat, slack: SlackSandbox
) -> None:
    give_up(store, "event/Ev1")
    operators(store, chat).tell_given_up()
    (text,) = told(slack)
    assert "DataError" in text
    assert "Swan" not in text


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
            operators(store, chat).tell_given_up()
    assert untold(store) == 1
    # Another one leaves it alone while the request may still have an effect.
    assert operators(store, chat).tell_given_up() == 0
    give_up(store, "event/Ev2")
    let_claims_lapse(store)
    assert operators(store, chat).tell_given_up() == 2
    assert untold(store) == 0
    one, two = told(slack)
    assert "event/Ev1" in one
    assert "event/Ev2" in two


@BOTH
def test_two_replicas_tell_it_once(store: Store, chat: SlackChat, slack: SlackSandbox) -> None:
    give_up(store, *(f"event/Ev{number}" for number in range(60)))
    at_once = threading.Barrier(2)

    def tell() -> int:
        at_once.wait(10)
        return operators(store, chat).tell_given_up()

    with ThreadPoolExecutor(2) as pool:
        done = [future.result(60) for future in [pool.submit(tell) for _ in range(2)]]
    assert sum(done) == 60
    keys = [f"event/Ev{number}" for number in range(60)]
    assert untold(store) == 0
    assert len(told(slack)) == 2
    for text in told(slack):
        assert sum(f"`{key}`" in text for key in keys) == 10


def test_a_channel_that_does_not_exist_is_tried_again(
    store: Store, chat: SlackChat, slack: SlackSandbox
) -> None:
    give_up(store, "event/Ev1")
    assert operators(store, chat, "#nowhere").tell_given_up() == 0
    assert (told(slack), untold(store)) == ([], 1)
    let_claims_lapse(store)
    assert operators(store, chat).tell_given_up() == 1
    assert len(told(slack)) == 1


def test_without_a_channel_it_is_logged(
    store: Store, chat: SlackChat, slack: SlackSandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    give_up(store, "event/Ev1")
    assert operators(store, chat, "").tell_given_up() == 1
    assert "event/Ev1" in capsys.readouterr().out
    assert (told(slack), untold(store)) == ([], 0)


def test_what_fails_again_after_it_was_put_back_is_told_again(
    store: Store, chat: SlackChat, slack: SlackSandbox
) -> None:
    give_up(store, "event/Ev1")
    operators(store, chat).tell_given_up()
    with store.write() as tx:
        assert rows.put_back(tx, "event/Ev1") == 1
    assert operators(store, chat).tell_given_up() == 0
    give_up(store, "event/Ev1")
    assert operators(store, chat).tell_given_up() == 1
    assert len(told(slack)) == 2


def test_a_message_is_posted_once_for_its_key(
    store: Store, chat: SlackChat, slack: SlackSandbox
) -> None:
    for _ in range(2):
        operators(store, chat).tell("skew/slack", Post(text="The clocks differ."))
    assert told(slack) == ["The clocks differ."]
