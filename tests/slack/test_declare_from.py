"""Incidents from a message, by its menu or by a reaction, and in channels that exist already."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.domain.incident import Incident
from bot.domain.resources import ResourceKind
from bot.errors import RetryLater
from bot.render.declare_form import ACTION_JOIN
from bot.services.adopt import ANNOUNCES, ARCHIVED, DIRECT, NOT_SHOWN, SHARED
from bot.services.channel_guard import Look
from bot.services.incident_snapshot import read
from bot.services.origin import origin_reply
from bot.services.posts import Posts
from bot.services.reconciler import Reconciler, Resource
from bot.store import incidents as rows
from bot.store import resources
from bot.store import timeline as timeline_rows
from bot.store.engine import Store
from tests.support.desk import ANA, BEN, ELSEWHERE, Answer, Desk
from tests.support.leases import AT_ONCE, AlwaysHeld
from tests.support.rows import CHANNEL, TEAM, end_claims, message, stored

TS = "1487895900.000100"
TEXT = "datahub: nobody can log in :fire:\nSince about 16:20, everywhere."


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk without incidents, where ⚠️ declares one."""
    store = Store(f"sqlite:///{tmp_path / 'rows.db'}")
    store.migrate()
    made = Desk(store, hubs=("datahub", "stat20"), declare_reaction="warning")
    made.slack.said[ELSEWHERE, TS] = message(TS, channel_id=ELSEWHERE, author=BEN, text=TEXT)
    yield made
    store.close()


class Killed(BaseException):
    """The process is killed."""


def shortcut(desk: Desk, *, channel: str = ELSEWHERE, thread: str = "") -> Answer:
    """Use the shortcut on the message."""
    body = {
        "type": "message_action",
        "callback_id": "declare_from_message",
        "user": {"id": ANA, "team_id": TEAM},
        "team": {"id": TEAM},
        "channel": {"id": channel},
        "trigger_id": "trigger",
        "message": {
            "ts": TS,
            "user": BEN,
            "text": TEXT,
            **({"thread_ts": thread} if thread else {}),
        },
    }
    return desk.send(body)


def react(desk: Desk, number: int = 1, *, user: str = ANA, **values: Any) -> None:
    """Deliver a reaction, and process what it asks for."""
    event = {
        "type": "reaction_added",
        "user": user,
        "reaction": "warning",
        "item": {"type": "message", "channel": ELSEWHERE, "ts": TS},
        "event_ts": f"1487895901.00000{number}",
        **values,
    }
    body = {"type": "event_callback", "event_id": f"Ev{number}", "team_id": TEAM, "event": event}
    desk.dispatcher.take_event(body)
    desk.dispatcher.replay()


def incidents(desk: Desk) -> list[Incident]:
    with desk.store.read() as tx:
        return sorted(rows.unclosed(tx), key=lambda each: each.number)


def replies(desk: Desk, incident: Incident) -> list[Resource]:
    """The reply in the message's thread, once the incident has its channel."""
    with desk.store.write() as tx:
        rows.change_channel(tx, incident.id, channel_id="C0INC")
    with desk.store.read() as tx:
        snap = read(tx, incident.id)
    chat: Any = desk.slack
    look = Look(incident=snap.incident, is_public=not snap.incident.private)
    return list(origin_reply(snap, Posts(chat), lambda _id: look))


def test_the_form_has_the_messages_words(desk: Desk) -> None:
    shortcut(desk)
    view = desk.slack.views[0]
    inputs = {b["block_id"]: b["element"] for b in view["blocks"] if "element" in b}
    assert inputs["title"]["initial_value"].startswith("datahub: nobody can log in")
    assert inputs["summary"]["initial_value"].endswith("everywhere.")
    assert "initial_options" not in inputs["private"]


def test_both_link_to_each_other(desk: Desk) -> None:
    shortcut(desk)
    assert desk.submit().acks == [{}]
    [incident] = incidents(desk)
    link = f"https://x.slack.com/archives/{ELSEWHERE}/p{TS.replace('.', '')}"
    assert incident.origin_message is not None
    assert incident.origin_message.permalink == link
    with desk.store.read() as tx:
        [entry] = timeline_rows.entries(tx, incident.id)
    assert entry.data["link"] == link
    [reply] = replies(desk, incident)
    reply.create()
    assert desk.slack.threads == [(ELSEWHERE, TS)]
    assert "<#C0INC>" in desk.slack.shown[-1][2]


def test_a_reply_in_a_thread_is_answered_in_its_thread(desk: Desk) -> None:
    shortcut(desk, thread="1487890000.000100")
    desk.submit()
    [reply] = replies(desk, incidents(desk)[0])
    reply.create()
    assert desk.slack.threads == [(ELSEWHERE, "1487890000.000100")]


@pytest.mark.parametrize("where", ["private", "shared", "hidden"])
def test_what_others_must_not_read_gets_no_reply_and_is_private_unless_a_person_says_otherwise(
    desk: Desk, where: str
) -> None:
    getattr(desk.slack, where).add(ELSEWHERE)
    shortcut(desk)
    assert desk.submit().acks == [{}]
    [incident] = incidents(desk)
    assert incident.private
    assert not replies(desk, incident)
    with desk.store.read() as tx:
        assert "link" not in timeline_rows.entries(tx, incident.id)[0].data


def test_while_slack_does_not_say_the_form_proposes_private(desk: Desk) -> None:
    desk.slack.failing = {"channel": RetryLater("Slack is down.")}
    shortcut(desk)
    inputs = {b["block_id"]: b for b in desk.slack.views[-1]["blocks"]}
    assert inputs["private"]["element"]["initial_options"][0]["value"] == "private"


def test_the_reply_of_one_that_became_private_says_nothing_of_it(desk: Desk) -> None:
    shortcut(desk)
    desk.submit()
    [incident] = incidents(desk)
    [reply] = replies(desk, incident)
    with desk.store.write() as tx:
        resources.add(tx, incident.id, ResourceKind.ORIGIN_REPLY, spec={}, now=desk.now())
        resources.change(tx, reply.key, ref={"channel": ELSEWHERE, "ts": "1.0"}, state="done")
        rows.change_channel(tx, incident.id, private=True)
    [withdrawn] = replies(desk, incident)
    assert withdrawn.spec == {"withdrawn": True}


@pytest.mark.parametrize("is_posted", [False, True])
def test_a_kill_at_the_reply_leaves_one(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, is_posted: bool
) -> None:
    shortcut(desk)
    desk.submit()
    [incident] = incidents(desk)
    reconciler = Reconciler(
        desk.store, desk.now, lease=AlwaysHeld(desk.store), limits=AT_ONCE, slack_time=desk.now
    )
    post = desk.slack.post

    def killed(*args: Any, **values: Any) -> str:
        if is_posted:
            post(*args, **values)
        raise Killed

    monkeypatch.setattr(desk.slack, "post", killed)
    with pytest.raises(Killed):
        reconciler.ensure(replies(desk, incident)[0])
    monkeypatch.undo()
    for _ in range(2):
        assert reconciler.ensure(replies(desk, incident)[0]).done
    assert desk.slack.threads == [(ELSEWHERE, TS)]


def test_a_reaction_declares_the_message(desk: Desk) -> None:
    react(desk)
    [incident] = incidents(desk)
    assert (incident.declared_by, incident.hubs, incident.private) == (ANA, ("datahub",), False)
    assert incident.title.startswith("datahub: nobody can log in")
    assert incident.origin_message is not None
    assert incident.origin_message.author == BEN
    assert (ELSEWHERE, ANA) in [(where, who) for where, who, _ in desk.slack.shown]


def test_all_reactions_to_one_message_are_one_incident_which_the_others_join(desk: Desk) -> None:
    react(desk, 1)
    react(desk, 1)  # delivered again
    react(desk, 2, user=BEN)
    [incident] = incidents(desk)
    with desk.store.read() as tx:
        found = resources.of_incident(tx, incident.id).values()
    assert {row.subject for row in found if row.kind is ResourceKind.INVITE} == {BEN}


def test_a_message_of_a_private_channel_becomes_a_private_incident(desk: Desk) -> None:
    desk.slack.private.add(ELSEWHERE)
    react(desk)
    react(desk, 2, user=BEN)
    [incident] = incidents(desk)
    assert incident.private
    with desk.store.read() as tx:
        assert not resources.of_incident(tx, incident.id)


@pytest.mark.parametrize(
    "values", [{"reaction": "tada"}, {"type": "reaction_removed"}], ids=["other", "removed"]
)
def test_nothing_else_declares(desk: Desk, values: dict[str, Any]) -> None:
    react(desk, **values)
    assert incidents(desk) == []


def test_in_an_incidents_channel_it_declares_nothing(desk: Desk) -> None:
    stored(desk.store)
    react(desk, item={"type": "message", "channel": CHANNEL, "ts": TS})
    assert len(incidents(desk)) == 1


def test_it_is_off_by_default(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'other.db'}")
    store.migrate()
    other = Desk(store)
    react(other)
    assert incidents(other) == []
    store.close()


@pytest.mark.parametrize("who", ["guests", "bots"])
def test_guests_and_bots_declare_nothing(desk: Desk, who: str) -> None:
    getattr(desk.slack, who).add(ANA)
    react(desk)
    assert incidents(desk) == []


def test_while_slack_is_away_a_reaction_waits(desk: Desk) -> None:
    desk.slack.failing = {"history": RetryLater("Slack is down.")}
    react(desk)
    assert incidents(desk) == []
    desk.slack.failing = {}
    end_claims(desk.store)
    desk.dispatcher.replay()
    assert len(incidents(desk)) == 1


def test_an_open_incident_like_the_message_is_offered(desk: Desk) -> None:
    stored(desk.store, hubs=("datahub",), declared_at=desk.now())
    react(desk)
    assert len(incidents(desk)) == 1
    assert any("open already" in text for _, _, text in desk.slack.shown)
    desk.press(ACTION_JOIN, "abc123abc123", channel=ELSEWHERE)


def test_a_message_that_cannot_be_read_is_declared_by_its_menu(desk: Desk) -> None:
    desk.slack.said.clear()
    react(desk)
    assert any("Declare an incident" in text for _, _, text in desk.slack.shown)


# --- a channel that exists already --------------------------------------------------------------


def adopt(desk: Desk, line: str = "adopt", channel: str = ELSEWHERE) -> Answer:
    return desk.command(line, channel=channel)


@pytest.mark.parametrize("private", [False, True])
def test_a_channel_is_taken_over_with_its_name_and_as_private_as_it_is(
    desk: Desk, private: bool
) -> None:
    desk.slack.names[ELSEWHERE] = "nobody-can-log_in"
    if private:
        desk.slack.private.add(ELSEWHERE)
    adopt(desk, "adopt sev1 datahub")
    assert desk.submit().acks == [{}]
    [incident] = incidents(desk)
    assert (incident.channel_id, incident.channel_name) == (ELSEWHERE, "nobody-can-log_in")
    assert (incident.adopted, incident.private) == (True, private)
    assert (incident.title, incident.severity) == ("Nobody can log in", "sev1")


def test_mayday_joins_a_public_channel(desk: Desk) -> None:
    desk.slack.outside.add(ELSEWHERE)
    adopt(desk, "adopt sev1 datahub Logins fail")
    assert not desk.slack.outside


@pytest.mark.parametrize(
    ("where", "why"),
    [("shared", SHARED), ("archived", ARCHIVED), ("hidden", NOT_SHOWN)],
)
def test_channels_that_cannot_be_taken_over(desk: Desk, where: str, why: str) -> None:
    getattr(desk.slack, where).add(ELSEWHERE)
    assert why.partition("{")[0][:30] in adopt(desk).text
    assert not desk.slack.views


def test_a_direct_message_and_the_channel_of_announcements_stay_what_they_are(desk: Desk) -> None:
    assert DIRECT[:30] in adopt(desk, channel="D0ANA").text
    desk.slack.names[ELSEWHERE] = "incidents"
    assert ANNOUNCES[:30] in adopt(desk).text


def test_an_incidents_channel_is_not_taken_over(desk: Desk) -> None:
    stored(desk.store)
    assert "already that of an incident" in adopt(desk, channel=CHANNEL).text


def test_of_two_forms_for_one_channel_the_second_says_so(desk: Desk) -> None:
    desk.slack.names[ELSEWHERE] = "logins"
    adopt(desk, "adopt sev1 datahub Logins fail")
    assert desk.submit(view_id="V1").acks == [{}]
    refused = desk.submit(view_id="V2", user=BEN)
    assert "already that of an incident" in str(refused.errors)
    assert len(incidents(desk)) == 1


def test_a_channel_that_was_shared_meanwhile_is_refused(desk: Desk) -> None:
    adopt(desk, "adopt sev1 datahub Logins fail")
    desk.slack.shared.add(ELSEWHERE)
    assert SHARED[:30] in str(desk.submit().errors)
    assert incidents(desk) == []
