"""Commands from outside an incident's channel: ``in #channel`` names it."""

from __future__ import annotations

import pytest

from bot.domain.state_change import StateChange
from bot.domain.timeline import EntryKind
from bot.errors import UserError
from bot.services.settings import AllowList
from bot.slack.place import _PLACE
from bot.store import incidents as incident_rows
from bot.store.engine import Store
from tests.support.desk import ANA, BEN, ELSEWHERE, Desk
from tests.support.rows import CHANNEL, NAME, stored
from tests.support.scripted import Scripted, site

UNKNOWN = "There is no such incident, or you are not in its channel."
NAMED = [f"<#{CHANNEL}|{NAME}>", f"<#{CHANNEL}>", f"<#{CHANNEL}|>", f"#{NAME}", f"#{NAME.upper()}"]


def close(desk: Desk) -> None:
    change = StateChange(incident_id=desk.incident.id, by="U0ANA", idempotency_key="resolve")
    desk.context.changes.status(change, "resolved")


@pytest.mark.parametrize("place", NAMED)
def test_a_channel_is_named_as_slack_sends_it(desk: Desk, place: str) -> None:
    answer = desk.command(f"severity sev1 in {place}", channel=ELSEWHERE)
    assert desk.incident.severity == "sev1"
    assert "Done" in answer.text, "nobody sees it in the channel"


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("timeline", "timeline is empty"),
        ("status", "The status is"),
        ("severity", "The severity is"),
        ("role", "nobody yet"),
        ("role commander", "Done"),
        ("snooze 20", "No reminder"),
        ("note the proxy died", "Noted"),
        ("status fixing new proxy", "Done"),
        ("update routes come back", "Done"),
        ("resolve it is over", "Done"),
        ("action add an alert", "Done"),
    ],
)
def test_every_command_takes_one(desk: Desk, line: str, shown: str) -> None:
    assert shown in desk.command(f"{line} in #{NAME}", channel=ELSEWHERE).text
    assert all(f"#{NAME}" not in str(entry.data) for entry in desk.entries)


@pytest.mark.parametrize("line", ["diagnose", "run resync-routes"])
def test_what_appears_in_the_channel_is_said_to(desk: Desk, rows: Store, line: str) -> None:
    asker = Desk(
        rows, operators=AllowList(users=frozenset({ANA})), sites={"datahub": site(Scripted())}
    )
    answer = asker.command(f"{line} in #{NAME}", channel=ELSEWHERE)
    assert f"posts it in #{NAME}" in answer.text
    assert asker.command(line).text == "", "everybody sees it there"


@pytest.mark.parametrize("line", ["close", "update", "action", "run"])
def test_forms_open_for_it(desk: Desk, line: str) -> None:
    close(desk)
    desk.command(f"{line} in #{NAME}", channel=ELSEWHERE)
    assert desk.slack.views[-1]["private_metadata"].startswith(desk.incident.id)


def test_closing_reporting_and_reopening(desk: Desk) -> None:
    close(desk)
    assert "draft" in desk.command(f"report in #{NAME}", channel=ELSEWHERE).text
    desk.command(f"close in #{NAME}", channel=ELSEWHERE)
    assert desk.submit({"summary": "It died."}).errors == {}
    assert desk.incident.status == "closed"
    assert "published again" in desk.command(f"publish in #{NAME}", channel=ELSEWHERE).text
    assert "Done" in desk.command(f"reopen in #{NAME}", channel=ELSEWHERE).text
    assert desk.incident.is_open


@pytest.mark.parametrize("kind", ["note", "update", "action"])
def test_in_an_incidents_channel_text_stays_as_typed(desk: Desk, kind: str) -> None:
    other = stored(desk.store, id="other", channel_id="C0OTHER1", channel_name="inc-other")
    desk.command(f"{kind} we talk in #{other.channel_name}")
    desk.command(f"{kind} we talk in <#C0OTHER1|inc-other>")
    texts = [str(e.data["text"]) for e in desk.entries if "text" in e.data]
    assert len(texts) == 2
    assert all(other.channel_name in text for text in texts)


def test_in_an_incidents_channel_another_one_is_resolved(desk: Desk) -> None:
    other = stored(desk.store, id="other", channel_id="C0OTHER1", channel_name="inc-other")
    desk.command("resolve in #inc-other")
    with desk.store.read() as tx:
        assert incident_rows.get(tx, other.id).status == "resolved"
    assert desk.incident.is_open


@pytest.mark.parametrize("place", ["#nowhere", "<#C0NOWHERE1>", "#inc-secret", "<#C0SECRET1>"])
def test_an_unknown_and_a_private_one_look_the_same(desk: Desk, place: str) -> None:
    stored(desk.store, id="secret", private=True, channel_id="C0SECRET1", channel_name="inc-secret")
    desk.slack.absent = {"C0SECRET1": {ANA}}
    for line in ("status", "close", "report", "timeline", "note it died"):
        assert UNKNOWN in desk.command(f"{line} in {place}", channel=ELSEWHERE).text


def test_one_whose_channel_was_made_private_unheard_is_private(desk: Desk) -> None:
    desk.slack.private, desk.slack.absent = {CHANNEL}, {CHANNEL: {ANA}}
    assert UNKNOWN in desk.command(f"timeline in #{NAME}", channel=ELSEWHERE).text
    assert desk.incident.private


def test_one_whose_channel_slack_does_not_show_is_private(desk: Desk) -> None:
    desk.slack.failing = {
        name: UserError("No such channel.", code="channel_not_found")
        for name in ("channel", "is_member")
    }
    assert UNKNOWN in desk.command(f"timeline in #{NAME}", channel=ELSEWHERE, user=BEN).text
    assert "Timeline of" in desk.command(f"timeline in #{NAME}", channel=ELSEWHERE).text


def test_a_private_one_is_named_in_its_own_channel(desk: Desk) -> None:
    stored(desk.store, id="secret", private=True, channel_id="C0SECRET1", channel_name="inc-secret")
    assert "The status is" in desk.command("status in #inc-secret", channel="C0SECRET1").text


@pytest.mark.parametrize("text", ["in channel", "in #a b", "within #a", "in", "drop in the #a now"])
def test_other_ends_name_no_channel(text: str) -> None:
    assert _PLACE.search(text) is None


def test_the_menu_of_a_timeline_that_is_shown_elsewhere(desk: Desk) -> None:
    desk.command(f"note the proxy died in #{NAME}", channel=ELSEWHERE)
    (entry,) = desk.of_kind(EntryKind.NOTE)
    desk.press("entry.menu", f"out:{entry.id}", channel=ELSEWHERE)
    assert desk.of_kind(EntryKind.NOTE) == []


@pytest.mark.parametrize("channel", ["D0ANA", CHANNEL])
def test_a_button_with_an_id_works_anywhere(desk: Desk, channel: str) -> None:
    desk.press("incident.resolve", desk.incident.id, channel=channel)
    assert desk.incident.status == "resolved"
