"""A message that Slack refuses to edit is posted anew, once; one that mayday may not look for is resent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from slack_sdk import WebClient

from bot.adapters.slack import SlackChat
from bot.bootstrap import Bot
from bot.domain.limits import Limits
from bot.domain.resources import ResourceKind
from bot.ports import Post
from bot.services.posts import Destination, Posts
from bot.services.reconciler import EnsureResult, Reconciler
from bot.store import incidents
from bot.store import resources as rows
from bot.store.engine import Store
from bot.store.resources import ResourceRow
from sandbox.slack import SlackSandbox, answers, drop_after, drop_before, on_call
from tests.support.bot import Scene, running
from tests.support.leases import AlwaysHeld, let_calls_end
from tests.support.rows import stored

ID = "abc123abc123"


@dataclass(kw_only=True)
class Desk:
    """A reconciler on a database and a Slack."""

    slack: SlackSandbox
    store: Store
    chat: SlackChat
    channel: str
    thread_ts: str = ""

    def ensure(self, value: str) -> EnsureResult:
        """Have a message show the value, after all earlier calls have ended."""
        let_calls_end(self.store)
        with self.store.read() as tx:
            incident = incidents.get(tx, ID)
        resource = Posts(self.chat).resource(
            incident,
            ResourceKind.CARD,
            spec={"value": value},
            render=lambda: Post(text=value),
            to=Destination(channel=lambda: self.channel, thread_ts=self.thread_ts),
        )
        return Reconciler(
            self.store,
            lambda: datetime.now(UTC),
            lease=AlwaysHeld(self.store),
            limits=Limits(),
            slack_time=self.chat.time,
        ).ensure(resource)

    @property
    def row(self) -> ResourceRow:
        with self.store.read() as tx:
            found = rows.find(tx, ID, ResourceKind.CARD)
        assert found is not None
        return found

    def shown(self) -> dict[str, str]:
        """The text of mayday's messages by ts, without what starts a thread."""
        return {
            message["ts"]: message["text"]
            for message in self.slack.messages(self.channel)
            if message.get("bot_id") and not message.get("subtype") and message["text"] != "parent"
        }


@pytest.fixture
def desk(slack: SlackSandbox, sqlite_url: str) -> Iterator[Desk]:
    store = Store(sqlite_url)
    store.migrate()
    stored(store)
    chat = SlackChat(WebClient(slack.bot_token, base_url=slack.api_url))
    channel = chat.open_channel("inc-refused", private=False).id
    yield Desk(slack=slack, store=store, chat=chat, channel=channel)
    store.close()


REFUSALS = ["edit_window_closed", "cant_update_message", "block_mismatch", "message_not_found"]


@pytest.mark.parametrize("code", REFUSALS)
@pytest.mark.parametrize("in_thread", [False, True], ids=["channel", "thread"])
def test_it_is_posted_anew(desk: Desk, code: str, in_thread: bool) -> None:
    if in_thread:
        desk.thread_ts = desk.chat.post(desk.channel, Post(text="parent"), effect="parent")
    old = desk.ensure("one").ref["ts"]
    desk.slack.faults = [on_call("chat.update", answers(code), holding=old)]
    assert desk.ensure("two").done
    new = desk.row.ref["ts"]
    assert desk.shown() == {old: "one", new: "two"}
    assert desk.ensure("three").done
    assert desk.shown() == {old: "one", new: "three"}


@pytest.mark.parametrize("in_thread", [False, True], ids=["channel", "thread"])
@pytest.mark.parametrize("lost", [drop_after(), drop_before()], ids=["after", "before"])
def test_it_is_posted_anew_once_although_the_answer_is_lost(
    desk: Desk, lost: object, in_thread: bool
) -> None:
    if in_thread:
        desk.thread_ts = desk.chat.post(desk.channel, Post(text="parent"), effect="parent")
    old = desk.ensure("one").ref["ts"]
    desk.slack.faults = [
        on_call("chat.update", answers("edit_window_closed"), holding=old),
        on_call("chat.postMessage", lost, times=1),
    ]
    assert not desk.ensure("two").done
    assert desk.ensure("two").done
    new = desk.row.ref["ts"]
    assert desk.shown() == {old: "one", new: "two"}


@pytest.mark.parametrize("granted", [True, False], ids=["im:history", "without"])
def test_a_direct_message_whose_answer_was_lost_ends(desk: Desk, granted: bool) -> None:
    if not granted:
        desk.slack.scopes = desk.slack.scopes - {"im:history"}
    desk.channel = desk.chat.open_dm(desk.slack.person("ana").id)
    desk.slack.faults = [on_call("chat.postMessage", drop_after(), times=1)]
    assert not desk.ensure("one").done
    assert desk.ensure("one").done
    assert list(desk.shown().values()) == (["one"] if granted else ["one", "one"])
    assert desk.ensure("two").done
    assert list(desk.shown().values())[-1] == "two"


# The whole mayday.


@pytest.fixture
def bot(slack: SlackSandbox, sqlite_url: str, tmp_path: Path) -> Iterator[Bot]:
    with running(slack, sqlite_url, tmp_path) as made:
        yield made


def test_a_card_that_cannot_be_edited_is_replaced_and_pinned(bot: Bot, scene: Scene) -> None:
    channel = scene.declare()
    (old,) = scene.posts(channel.id, "card")
    scene.slack.faults = [
        on_call("chat.update", answers("edit_window_closed"), holding=old["ts"]),
    ]
    scene.ana.command(channel.id, "/incident severity sev1")

    def pinned() -> set[str]:
        return {pin["ts"] for pin in scene.slack.channel(channel.id).pins}

    def new_card() -> str:
        row = scene.resources(channel.id)["card"]
        return str(row.ref.get("ts", "")) if row.state.value == "done" else ""

    scene.until(lambda: new_card() not in ("", old["ts"]) and new_card() in pinned(), "replaced")
    assert [card["ts"] for card in scene.posts(channel.id, "card")] == [old["ts"], new_card()]


def test_who_cannot_be_invited_stops_nothing_else(bot: Bot, scene: Scene) -> None:
    channel = scene.declare()
    ben = scene.ben.id
    scene.slack.faults = [on_call("conversations.invite", answers("cant_invite"), holding=ben)]
    scene.ana.command(channel.id, "/incident role communications @ben")
    said = f"mayday could not invite <@{ben}>: Slack doesn't allow mayday to invite that person."
    scene.until(
        lambda: any(said in message["text"] for message in scene.own(channel.id)), "told once"
    )
    failed = [key for key, row in scene.resources(channel.id).items() if row.error]
    assert failed == [f"invite/{ben}"]
    assert any("communications" in message["text"] for message in scene.own(channel.id))
