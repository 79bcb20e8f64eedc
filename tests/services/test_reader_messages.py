"""What readers of an incident are sent, with the answers of Slack that matter, kills and a second replica.

Each message exists once. Nobody gets anything about an incident that Slack doesn't show them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from bot.domain.audiences import Audience
from bot.domain.resources import ResourceKind, ResourceState
from bot.errors import RetryLater, UserError
from bot.ports import Post
from bot.render import subscriptions as words
from bot.render.reader_buttons import ACTION_SUBSCRIBE, ACTION_UNSUBSCRIBE
from bot.services import subscriptions as service
from bot.services.authorize import ABSENT
from bot.services.reconciler import Reconciler
from bot.services.resources import Resources
from bot.store import incidents, resources, tables
from bot.store.engine import Store
from bot.store.resources import ResourceRow
from tests.support.desk import ANA, BEN, ELSEWHERE, Desk
from tests.support.inviting import invites
from tests.support.leases import AT_ONCE, AlwaysHeld, let_calls_end
from tests.support.rows import CHANNEL, NAME, TEAM, stored

KINDS = (ResourceKind.CATCH_UP, ResourceKind.NEWS, ResourceKind.NOTIFIED)
STUDENTS = Audience(name="students", channels=("#users", "#help"))
BOTH = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


class Killed(BaseException):
    """The process ends."""


@dataclass(kw_only=True)
class Room:
    """An incident, people who read about it, and replicas that show it to them."""

    desk: Desk
    joins: int = 0
    shown: list[str] = field(default_factory=list)

    def join(self, user: str, *, inviter: str = "", ts: str = "", event_id: str = "") -> None:
        """Deliver that a person joined the channel."""
        self.joins += 1
        event = {
            "type": "member_joined_channel",
            "user": user,
            "channel": CHANNEL,
            "event_ts": ts or f"1487895900.00000{self.joins}",
            **({"inviter": inviter} if inviter else {}),
        }
        key = event_id or f"EvJoin{self.joins}"
        body = {"type": "event_callback", "event_id": key, "team_id": TEAM, "event": event}
        self.desk.dispatcher.take_event(body)

    def show(self) -> None:
        """Do what a replica does for readers, with rows as they are now."""
        desk, chat = self.desk, self.chat
        lease = AlwaysHeld(desk.store)
        reconciler = Reconciler(
            desk.store, desk.now, lease=lease, limits=AT_ONCE, slack_time=chat.time
        )
        shown = Resources(
            desk.store,
            chat,
            desk.now,
            desk.settings,
            lambda _run, _steps: [],
            desk.watch.look,
            invites(desk.store, chat, desk.settings),
            sees=desk.authorize.sees,
        )
        for resource in shown.due(shown.snapshot(desk.incident.id)):
            if resource.kind in KINDS:
                reconciler.ensure(resource)

    def show_again(self) -> None:
        """Do it on another replica, once nothing that was begun can arrive any more."""
        let_calls_end(self.desk.store)
        with self.desk.store.write() as tx:
            tx.execute(tables.resource.update().values(retry_at=None))
        self.show()

    @property
    def chat(self) -> Any:
        return self.desk.slack

    def sent(self, channel: str) -> list[Post]:
        """The messages in a channel or with a person, each once."""
        return [post for (where, _), post in self.desk.slack.effects.items() if where == channel]

    def alone(self) -> list[str]:
        """Who was shown the incident's state, alone."""
        return [user for where, user, _ in self.desk.slack.shown if where == CHANNEL and user]

    def rows(self, kind: ResourceKind) -> list[ResourceRow]:
        with self.desk.store.read() as tx:
            found = resources.of_incident(tx, self.desk.incident.id).values()
        return [row for row in found if row.kind is kind]


def room_on(store: Store, **values: Any) -> Room:
    stored(store, **values)
    return Room(desk=Desk(store, audiences=(STUDENTS,)))


@pytest.fixture
def room(database_url: str) -> Iterator[Room]:
    store = Store(database_url)
    store.migrate()
    yield room_on(store)
    store.close()


def test_whoever_joins_on_their_own_sees_it_alone_once_for_each_join(room: Room) -> None:
    room.join(BEN, event_id="Ev1")
    room.join(BEN, event_id="Ev1")  # delivered again
    room.join("U0CHIDI", inviter=ANA)
    room.join("U0DORA", inviter="U0BOT")
    room.join("U0BOT")
    for _ in range(2):
        room.show()
    assert room.alone() == [BEN]
    room.join(BEN)
    room.show()
    assert room.alone() == [BEN, BEN]
    assert "Who does what" in str(room.desk.slack.posts[-1].blocks)


@BOTH
@pytest.mark.parametrize("arrives", [False, True], ids=["before", "after"])
def test_a_kill_while_it_is_shown_loses_nothing(room: Room, arrives: bool) -> None:
    room.join(BEN)
    room.desk.slack.killed, room.desk.slack.arrives = Killed(), arrives
    with pytest.raises(Killed):
        room.show()
    room.show()  # the call of the first may still arrive
    assert len(room.alone()) == arrives
    room.show_again()
    assert len(room.alone()) == 1 + arrives
    room.show_again()
    assert len(room.alone()) == 1 + arrives


@pytest.mark.parametrize("code", ["user_not_in_channel", "no_permission"])
def test_one_who_left_meanwhile_is_dropped_quietly(room: Room, code: str) -> None:
    room.join(BEN)
    room.desk.slack.failing = {"post_ephemeral": UserError("no", code=code)}
    room.show()
    (row,) = room.rows(ResourceKind.CATCH_UP)
    assert (row.state, row.error) == (ResourceState.DONE, "")


def test_nothing_is_shown_while_mayday_is_not_in_the_channel(room: Room) -> None:
    room.join(BEN)
    incident = room.desk.incident.id
    with room.desk.store.write() as tx:
        incidents.change_channel(tx, incident, channel_state="left")
    room.show()
    assert room.alone() == []


def subscribe(room: Room, user: str = BEN, *, channel: str = ELSEWHERE) -> str:
    return room.desk.command(f"subscribe in #{NAME}", channel=channel, user=user).text


def test_a_subscriber_gets_each_piece_of_news_once_until_the_end(room: Room) -> None:
    room.desk.command("update before")
    assert "You are subscribed" in subscribe(room)
    assert "You are subscribed" in subscribe(room)  # twice changes nothing
    for line in ("update it <!channel> is back", "severity sev1", "note nothing", "resolve"):
        room.desk.command(line)
        room.show()
    said = str([post.blocks for post in room.sent(f"D{BEN}")])
    assert len(room.sent(f"D{BEN}")) == 3
    for part in ("is back", "from sev2 to *sev1*", "resolved by <@U0ANA>", f"<#{CHANNEL}>"):
        assert part in said
    assert "before" not in said and "<!channel>" not in said
    assert room.sent(f"D{ANA}") == []


def test_the_last_message_is_that_it_is_closed(room: Room) -> None:
    subscribe(room)
    room.desk.command("resolve")
    room.desk.command("close")
    assert room.desk.submit().errors == {}
    room.show()
    assert words.LAST in str(room.sent(f"D{BEN}")[-1].blocks)
    room.desk.command("reopen")
    room.desk.command("update again")
    room.show()
    assert len(room.sent(f"D{BEN}")) == 2
    subscribe(room)  # it begins again
    room.desk.command("update and again")
    room.show()
    assert len(room.sent(f"D{BEN}")) == 3


def test_ones_own_news_is_not_news(room: Room) -> None:
    subscribe(room)
    room.desk.command("update from ben", user=BEN)
    room.show()
    assert room.sent(f"D{BEN}") == []


@BOTH
@pytest.mark.parametrize("arrives", [False, True], ids=["before", "after"])
def test_a_kill_at_the_news_leaves_one(room: Room, arrives: bool) -> None:
    subscribe(room)
    room.desk.command("update it is back")
    room.desk.slack.killed, room.desk.slack.arrives = Killed(), arrives
    with pytest.raises(Killed):
        room.show()
    room.show()
    for _ in range(2):
        room.show_again()
    assert len([1 for where, _, _ in room.desk.slack.shown if where == f"D{BEN}"]) == 1


def test_it_ends_with_the_button_also_for_one_who_may_not_see_it_any_more(room: Room) -> None:
    subscribe(room)
    incident = room.desk.incident.id
    room.desk.slack.private, room.desk.slack.absent = {CHANNEL}, {CHANNEL: {BEN}}
    room.desk.incidents.latch()
    answer = room.desk.press(ACTION_UNSUBSCRIBE, incident, channel=f"D{BEN}", user=BEN)
    assert words.ENDED in answer.text
    again = room.desk.press(ACTION_UNSUBSCRIBE, incident, channel=f"D{BEN}", user=BEN)
    assert words.NONE in again.text
    acts = [each.line.act for each in room.desk.audit.latest(limit=99)]
    assert (acts.count("incident.subscribe"), acts.count("incident.unsubscribe")) == (1, 1)


def test_who_may_subscribe_is_who_may_see_the_incident(room: Room) -> None:
    desk = room.desk
    desk.slack.guests, desk.slack.teams = {"U0GUS"}, {"U0FAY": "T0ELSEWHERE"}
    desk.slack.absent = {CHANNEL: {"U0GUS"}}
    incident = desk.incident.id
    assert ABSENT in desk.press(ACTION_SUBSCRIBE, incident, channel="C0X", user="U0GUS").text
    desk.slack.absent = {}
    assert "subscribed" in desk.press(ACTION_SUBSCRIBE, incident, user="U0GUS").text
    assert service.FOREIGN in desk.press(ACTION_SUBSCRIBE, incident, user="U0FAY").text


@pytest.mark.parametrize("who", ["guest", "deactivated"])
def test_one_who_may_not_see_it_any_more_gets_nothing(room: Room, who: str) -> None:
    subscribe(room)
    desk = room.desk
    desk.slack.guests, desk.slack.absent = {BEN}, {CHANNEL: {BEN}}
    if who == "deactivated":
        desk.slack.bots = {BEN}  # Slack's answer that this is nobody who reads
    desk.now.at = desk.now.at.replace(hour=9)  # what was known of them is old
    desk.command("update it is back")
    room.show()
    (row,) = room.rows(ResourceKind.NEWS)
    assert (row.state, row.ref, room.sent(f"D{BEN}")) == (
        ResourceState.DONE,
        {"not_sent": "may not read"},
        [],
    )


def test_one_who_cannot_be_reached_is_dropped_quietly(room: Room) -> None:
    subscribe(room)
    room.desk.command("update it is back")
    room.desk.slack.failing = {"open_dm": UserError("gone", code="user_disabled")}
    room.show()
    (row,) = room.rows(ResourceKind.NEWS)
    assert (row.state, row.ref) == (ResourceState.DONE, {"not_sent": "user_disabled"})


@pytest.mark.parametrize("answer", [RetryLater("busy"), UserError("no", code="missing_scope")])
def test_nothing_is_sent_while_slack_does_not_say_who_is_in_a_private_channel(
    room: Room, answer: Exception
) -> None:
    desk = room.desk
    incident = desk.incident.id
    with desk.store.write() as tx:
        incidents.change_channel(tx, incident, private=True)
    subscribe(room)
    desk.command("update secret")
    desk.slack.failing = {"is_member": answer}  # type: ignore[dict-item]
    room.show()
    (row,) = room.rows(ResourceKind.NEWS)
    assert room.sent(f"D{BEN}") == [] and row.error and row.state is not ResourceState.DONE
    desk.slack.failing = {}
    desk.slack.absent = {CHANNEL: {BEN}}  # they left
    room.show_again()
    assert room.sent(f"D{BEN}") == []
    desk.slack.absent = {}
    desk.command("update second")
    room.show_again()
    assert len(room.sent(f"D{BEN}")) == 1


def test_news_is_withdrawn_when_the_incident_becomes_private(room: Room) -> None:
    subscribe(room)
    desk = room.desk
    desk.command("update xylophone")
    room.show()
    assert "xylophone" in str(room.sent(f"D{BEN}"))
    desk.slack.private, desk.slack.absent = {CHANNEL}, {CHANNEL: {BEN}}
    desk.incidents.latch()
    desk.command("update second")
    for _ in range(2):
        room.show_again()
    (post,) = room.sent(f"D{BEN}")
    assert "withdrew this message" in post.text


def send(room: Room, text: str = "Datahub is down.") -> None:
    room.desk.command("notify")
    assert room.desk.submit({"text/students": text}).errors == {}


@BOTH
@pytest.mark.parametrize("arrives", [False, True], ids=["before", "after"])
def test_a_kill_at_a_text_for_the_people_served_leaves_one(room: Room, arrives: bool) -> None:
    send(room)
    room.desk.slack.killed, room.desk.slack.arrives = Killed(), arrives
    with pytest.raises(Killed):
        room.show()
    room.show()
    for _ in range(2):
        room.show_again()
    where = sorted(where for where, user, _ in room.desk.slack.shown if where.startswith("#"))
    assert where == ["#help", "#users"]
    assert {post.text for post in room.sent("#users")} == {"Datahub is down."}


def test_a_text_is_not_sent_once_the_incident_is_private(room: Room) -> None:
    send(room)
    room.desk.slack.private = {CHANNEL}  # nobody has noticed yet
    room.show()
    assert room.sent("#users") == []
    room.show_again()
    assert room.sent("#users") == []
