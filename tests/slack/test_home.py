"""The app's Home: for each person what they may see, as of now, within Slack's limits."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.bootstrap.setup import ANNOUNCE, GITHUB, HUBS, OPERATORS, missing_setup
from bot.config import Config
from bot.domain.actions import ActionItem
from bot.domain.home import HomePage
from bot.errors import RetryLater, UserError
from bot.render import home as words
from bot.render import items, listing
from bot.render.reader_buttons import ACTION_CATCH_UP
from bot.services.settings import AllowList
from bot.slack.scopes import required_scopes
from bot.store import incidents
from bot.store.engine import Store
from bot.store.tables import inbox as inbox_table
from sandbox.slack.blocks import view_definition
from tests.support.desk import ANA, BEN, Desk
from tests.support.rows import CHANNEL, NOW, TEAM, incident, stored


@pytest.fixture
def filled(quick: Store) -> Iterator[Store]:
    """A public, a private, a resolved and a closed incident, and one that becomes private."""
    values: list[dict[str, Any]] = [
        {"title": "Routes are gone", "roles": {"commander": BEN}, "hubs": ("datahub",)},
        {"title": "Xylophone breach", "private": True, "declared_by": BEN},
        {"title": "Zither outage"},
        {"title": "Slow logins", "status": "resolved", "declared_by": "U0CHIDI"},
        {"title": "Long past", "status": "closed"},
    ]
    with quick.write() as tx:
        for number, each in enumerate(values):
            made = incident(
                id=f"i{number}",
                channel_id=f"C{number}",
                channel_name=f"inc-{number}",
                declared_at=NOW - timedelta(hours=number),
                **each,
            )
            assert incidents.add(tx, made)
    yield quick


_opened = iter(range(1000))


def open_home(desk: Desk, user: str = ANA, *, tab: str = "home", event_id: str = "") -> str:
    """Open the Home and return all that it shows."""
    event = {"type": "app_home_opened", "user": user, "channel": "D0", "tab": tab, "view": {"x": 1}}
    desk.dispatcher.take_event(
        {
            "type": "event_callback",
            "event_id": event_id or f"Ev{next(_opened)}",
            "team_id": TEAM,
            "event": event,
        }
    )
    return shown(desk, user)


def shown(desk: Desk, user: str = ANA) -> str:
    if user not in desk.slack.homes:
        return ""
    view_definition(desk.slack.homes[user])
    return json.dumps(desk.slack.homes[user], ensure_ascii=False)


def press(desk: Desk, action: str, value: str = "", *, user: str = ANA) -> None:
    """Press a button of the Home, which has neither a channel nor an address for an answer."""
    desk.send(
        {
            "type": "block_actions",
            "user": {"id": user, "team_id": TEAM},
            "team": {"id": TEAM},
            "container": {"type": "view"},
            "view": {"id": "V0HOME", "type": "home", "state": {"values": {}}},
            "trigger_id": "trigger",
            "actions": [{"action_id": action, "value": value, "action_ts": f"{next(_opened)}.5"}],
        }
    )


def test_a_member_sees_what_is_open_with_its_age_and_lead(filled: Store) -> None:
    desk = Desk(filled)
    desk.slack.absent, desk.slack.private = {"C1": {ANA}, "C2": {ANA}}, {"C2"}
    desk.now.at = NOW + timedelta(minutes=10)
    said = open_home(desk)
    assert "*Yours: 1*" in said and "*Open: 1*" in said
    assert "Routes are gone" in said and "for 10 min" in said and "commander: <@U0BEN>" in said
    assert "Slow logins" in said and "*resolved*" in said
    for hidden in ("Xylophone", "Zither", "Long past"):
        assert hidden not in said
    assert listing.ACTION_DECLARE in said


def test_a_private_one_is_for_those_in_its_channel(filled: Store) -> None:
    desk = Desk(filled)
    desk.slack.absent = {"C1": {ANA}, "C2": {ANA, BEN}}
    assert "Xylophone" in open_home(desk, BEN)
    assert "Xylophone" not in open_home(desk, ANA)
    desk.slack.failing = {"is_member": RetryLater("busy")}
    assert "Xylophone" not in open_home(desk, BEN)


@pytest.mark.parametrize("who", ["guest", "foreign", "bot"])
def test_others_see_only_incidents_whose_channel_they_are_in(filled: Store, who: str) -> None:
    desk = Desk(filled)
    desk.slack.guests = {"U0X"} if who == "guest" else set()
    desk.slack.teams = {"U0X": "T0ELSEWHERE"} if who == "foreign" else {}
    desk.slack.bots = {"U0X"} if who == "bot" else set()
    desk.slack.absent = {f"C{number}": {"U0X"} for number in (1, 2, 3)}
    desk.slack.private = {"C2"}
    said = open_home(desk, "U0X")
    assert ("Routes are gone" in said) is (who != "bot")
    for hidden in ("Xylophone", "Zither", "Slow logins", listing.ACTION_DECLARE, words.SET_UP):
        assert hidden not in said
    assert words.FOR_GUESTS in said


def test_nothing_is_published_if_slack_does_not_say_what_is_private(filled: Store) -> None:
    desk = Desk(filled)
    desk.slack.failing = {"private_channels": RetryLater("busy")}
    assert open_home(desk) == ""
    desk.slack.failing = {"publish_home": UserError("no Home tab", code="not_enabled")}
    assert open_home(desk) == ""
    desk.slack.failing = {}
    assert "Routes are gone" in open_home(desk)


def test_an_opening_is_published_once_and_stored_without_what_was_shown(filled: Store) -> None:
    desk = Desk(filled)
    assert open_home(desk, event_id="Ev1")
    desk.slack.homes.clear()
    assert open_home(desk, event_id="Ev1") == ""
    assert open_home(desk, tab="messages") == ""
    with filled.read() as tx:
        (row,) = tx.execute(inbox_table.select()).mappings().all()
    assert "view" not in json.dumps(dict(row["payload"]))


def test_an_opening_that_a_kill_left_is_published_later(filled: Store) -> None:
    desk = Desk(filled)
    desk.homes.begin = lambda _work: None  # killed before it began
    assert open_home(desk, event_id="Ev1") == ""
    with filled.write() as tx:
        tx.execute(inbox_table.update().values(claimed_until=NOW))
    desk.dispatcher.replay()
    assert "Routes are gone" in shown(desk)


def test_my_items_are_finished_in_it_and_it_follows(store: Store) -> None:
    stored(store)
    desk = Desk(store)
    desk.command("action add an alert <@U0ANA>")
    desk.command("action not mine <@U0BEN>")
    said = open_home(desk)
    assert "*Your action items: 1*" in said and "not mine" not in said
    row = next(
        b
        for b in desk.slack.homes[ANA]["blocks"]
        if b.get("accessory", {}).get("type") == "overflow"
    )
    done = next(o for o in row["accessory"]["options"] if o["text"]["text"] == "Done")
    press(desk, items.ACTION_MENU, done["value"])
    assert "add an alert* is done." in shown(desk)
    assert "Your action items" not in shown(desk)
    assert desk.slack.shown == []  # nothing was sent elsewhere


def test_an_incident_is_shown_in_a_window(quick: Store) -> None:
    made = stored(quick)
    desk = Desk(quick)
    press(desk, ACTION_CATCH_UP, made.id)
    assert "Who does what" in json.dumps(desk.slack.views[-1])
    view_definition(desk.slack.views[-1])
    desk.slack.failing = {"open_view": UserError("too late", code="expired_trigger_id")}
    press(desk, ACTION_CATCH_UP, made.id)
    assert desk.slack.shown[-1][0] == f"D{ANA}"


def test_an_incident_is_declared_from_it(quick: Store) -> None:
    desk = Desk(quick)
    press(desk, listing.ACTION_DECLARE)
    assert desk.slack.views[-1]["callback_id"] == "declare"


def test_runbooks_are_listed_for_those_who_may_run_them(quick: Store) -> None:
    desk = Desk(quick, operators=AllowList(users=frozenset({BEN})))
    assert "`resync-routes`" in open_home(desk, BEN)
    assert "`resync-routes`" not in open_home(desk, ANA)
    assert "`resync-routes`" not in open_home(
        Desk(quick, operators=desk.settings.operators, hubs=()), BEN
    )


def test_a_new_workspace_says_what_to_set_up(quick: Store) -> None:
    desk = Desk(quick)
    desk.homes._setup = lambda: [("Scopes are missing.", True), ("No hubs.", False)]
    assert "Scopes are missing." in open_home(desk) and "No hubs." in shown(desk)
    stored(quick)
    assert "Scopes are missing." in open_home(desk) and "No hubs." not in shown(desk)


def test_what_is_missing_is_what_the_configuration_lacks() -> None:
    lacking = missing_setup(Config(), lambda: required_scopes() - {"files:write"})
    assert "files:write" in lacking[0][0] and lacking[0][1]
    assert [text for text, _ in lacking[1:]] == [ANNOUNCE, HUBS, OPERATORS, GITHUB]
    assert [text for text, always in missing_setup(Config(), frozenset) if always] == []


HOSTILE = st.sampled_from(["<!channel> ", "&", "é", "`*_", "𝔘", "\n"]).map(lambda part: part * 200)


@settings(deadline=None, max_examples=20)
@given(text=HOSTILE, count=st.integers(0, 60))
def test_a_home_fits_whatever_was_typed(text: str, count: int) -> None:
    item = ActionItem(
        id="i", incident_id="i", position=1, group="g", title=text, created_at=NOW, owner=ANA
    )
    page = HomePage(
        user=ANA,
        now=datetime(2017, 3, 1, tzinfo=UTC),
        today=date(2017, 3, 1),
        incidents=[incident(title=text[:150], hubs=(text[:75],) * 5, declared_by=BEN)] * count
        + [incident(title=text[:150])] * count,
        items=[(item, text[:150])] * count,
        runbooks=[("r" * 60, text)] * count,
        setup=[text] * count,
        may_declare=True,
        has_hubs=True,
        lead="commander",
    )
    view = words.home(page, said=text)
    view_definition(view)
    assert len(view["blocks"]) <= words.MOST_BLOCKS
    assert len(json.dumps(view)) < 250_000
    assert "<!channel>" not in json.dumps(view["blocks"][1:])
    assert CHANNEL in json.dumps(view) or not count
