"""``/incident declare`` in one line, and the open incidents that are offered instead."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.domain.access import Act
from bot.domain.incident import Ending, Incident
from bot.domain.milestones import Milestone
from bot.domain.resources import ResourceKind
from bot.errors import RetryLater
from bot.render.card import ACTION_CANCEL
from bot.render.declare_form import ACTION_ANYWAY, ACTION_HUBS, ACTION_JOIN
from bot.store import declaring as numbers
from bot.store import incidents as rows
from bot.store import resources
from bot.store.engine import Store
from tests.support.desk import ANA, BEN, ELSEWHERE, Answer, Desk
from tests.support.rows import CHANNEL, TEAM, stored

LINE = "declare sev1 datahub Nobody can log in"
LIKE = "declare sev2 datahub Logins fail for everybody"


@pytest.fixture
def desk(database_url: str) -> Iterator[Desk]:
    """A desk with two hubs and without incidents."""
    store = Store(database_url)
    store.migrate()
    yield Desk(store, hubs=("datahub", "stat20"))
    store.close()


def incidents(desk: Desk) -> list[Incident]:
    """All open incidents, in the order of declaration."""
    with desk.store.read() as tx:
        return sorted(rows.unclosed(tx), key=lambda each: each.number)


def opened(desk: Desk, number: int, **values: Any) -> Incident:
    """Give the n-th incident its channel; returns it."""
    incident = incidents(desk)[number - 1]
    with desk.store.write() as tx:
        rows.change_channel(tx, incident.id, channel_id=f"C0INC{number}", **values)
    return incidents(desk)[number - 1]


def buttons(answer: Answer, action: str) -> list[str]:
    """The values of an answer's buttons."""
    elements = [each for block in answer.blocks for each in block.get("elements") or ()]
    elements += [block["accessory"] for block in answer.blocks if "accessory" in block]
    return [each["value"] for each in elements if each.get("action_id") == action]


def invited(desk: Desk, incident: Incident) -> set[str]:
    """Who is to be invited besides the declarer."""
    with desk.store.read() as tx:
        found = resources.of_incident(tx, incident.id).values()
    return {row.subject for row in found if row.kind is ResourceKind.INVITE}


def test_a_complete_line_is_declared_at_once(desk: Desk) -> None:
    answer = desk.command(f"{LINE}", channel=ELSEWHERE)
    [incident] = incidents(desk)
    assert (incident.title, incident.severity, incident.hubs, incident.number) == (
        "Nobody can log in",
        "sev1",
        ("datahub",),
        1,
    )
    assert desk.slack.views == []
    for told in ("Nobody can log in", "sev1", "datahub", incident.channel_name):
        assert told in answer.text
    assert buttons(answer, ACTION_CANCEL) == [incident.id]


def test_it_is_undone_with_its_button(desk: Desk) -> None:
    [value] = buttons(desk.command(LINE, channel=ELSEWHERE), ACTION_CANCEL)
    opened(desk, 1)
    desk.press(ACTION_CANCEL, value, channel=ELSEWHERE)
    with desk.store.read() as tx:
        assert rows.get(tx, value).ending is Ending.CANCELLED


def test_options_may_be_in_any_order(desk: Desk) -> None:
    title = "\N{LEFT DOUBLE QUOTATION MARK}Routes are gone\N{RIGHT DOUBLE QUOTATION MARK}"
    line = f"declare drill at 16:20 stat20 PRIVATE sev-2 {title}"
    answer = desk.command(line, channel=ELSEWHERE)
    [incident] = incidents(desk)
    assert (incident.drill, incident.private, incident.title) == (True, True, "Routes are gone")
    assert incident.channel_name.startswith("drill-inc-")
    assert incident.milestones[Milestone.IMPACT].typed == "16:20"
    assert "Drill: Routes are gone" in answer.text
    assert "private" in answer.text


@pytest.mark.parametrize("line", ["declare Hub is slow", "declare sev2 Hub is slow", "declare"])
def test_an_incomplete_line_opens_the_form_with_what_was_read(desk: Desk, line: str) -> None:
    desk.command(line, channel=ELSEWHERE)
    assert incidents(desk) == []
    inputs = {b["block_id"]: b["element"] for b in desk.slack.views[-1]["blocks"] if "element" in b}
    assert inputs["title"].get("initial_value", "") in ("Hub is slow", "")
    assert inputs["severity"]["initial_option"]["value"] == "sev2"


def test_a_redelivered_line_is_one_incident(desk: Desk) -> None:
    body = {
        "command": "/incident",
        "text": LINE,
        "team_id": TEAM,
        "user_id": ANA,
        "channel_id": ELSEWHERE,
        "trigger_id": "once",
    }
    first, second = desk.send(body), desk.send(body)
    assert first.text == second.text
    assert len(incidents(desk)) == 1


def test_an_open_incident_like_it_is_offered_instead(desk: Desk) -> None:
    desk.command(LINE, channel=ELSEWHERE)
    first = opened(desk, 1)
    answer = desk.command(LIKE, channel=ELSEWHERE, user=BEN)
    assert incidents(desk) == [first]
    assert "Nobody can log in" in str(answer.blocks)
    assert buttons(answer, ACTION_JOIN) == [first.id]
    joined = desk.press(ACTION_JOIN, first.id, channel=ELSEWHERE, user=BEN)
    assert f"<#{first.channel_id}>" in joined.text
    assert BEN in invited(desk, first)
    assert [each.id for each in incidents(desk)] == [first.id]


def test_it_is_declared_anyway_once_however_often_the_button_is_pressed(desk: Desk) -> None:
    desk.command(LINE, channel=ELSEWHERE)
    opened(desk, 1)
    [value] = buttons(desk.command(LIKE, channel=ELSEWHERE, user=BEN), ACTION_ANYWAY)
    for _ in range(2):
        answer = desk.press(ACTION_ANYWAY, value, channel=ELSEWHERE, user=BEN)
        assert "Logins fail for everybody" in answer.text
    assert [each.number for each in incidents(desk)] == [1, 2]


def test_one_that_was_opened_after_the_offer_is_offered_too(desk: Desk) -> None:
    desk.command(LINE, channel=ELSEWHERE)
    opened(desk, 1)
    [value] = buttons(desk.command(LIKE, channel=ELSEWHERE, user=BEN), ACTION_ANYWAY)
    seen = json.loads(value)["seen"]
    other = desk.command("declare sev2 datahub Kernels die", channel=ELSEWHERE, user="U0CLEO")
    desk.press(ACTION_ANYWAY, buttons(other, ACTION_ANYWAY)[0], user="U0CLEO")
    second = opened(desk, 2)
    again = desk.press(ACTION_ANYWAY, value, channel=ELSEWHERE, user=BEN)
    assert buttons(again, ACTION_JOIN) == [second.id]
    assert second.id not in seen
    assert len(incidents(desk)) == 2


@pytest.mark.parametrize(
    "hidden", [{"private": True}, {"channel_state": "left"}, {"drill": True}], ids=str
)
def test_what_people_must_not_see_or_is_no_outage_stands_against_nothing(
    desk: Desk, hidden: dict[str, Any]
) -> None:
    secret = stored(
        desk.store, title="Nobody can log in", hubs=("datahub",), declared_at=desk.now()
    )
    with desk.store.write() as tx:
        rows.change_channel(tx, secret.id, **hidden)
    answer = desk.command(LINE, channel=ELSEWHERE)
    assert "Declared" in answer.text
    assert CHANNEL not in str(answer.blocks)
    assert len(incidents(desk)) == 2


def test_one_whose_channel_became_private_unnoticed_is_not_shown(desk: Desk) -> None:
    secret = stored(
        desk.store, title="Nobody can log in", hubs=("datahub",), declared_at=desk.now()
    )
    desk.slack.private = {CHANNEL}
    assert "Declared" in desk.command(LINE, channel=ELSEWHERE).text
    with desk.store.read() as tx:
        assert rows.get(tx, secret.id).private


def test_a_guest_who_may_declare_but_not_list_is_shown_nothing(desk: Desk) -> None:
    guests = replace(desk.settings.rules, guests=frozenset({Act.DECLARE}))
    object.__setattr__(desk.settings, "rules", guests)
    desk.slack.guests = {BEN}
    stored(desk.store, title="Nobody can log in", hubs=("datahub",), declared_at=desk.now())
    answer = desk.command(LINE, channel=ELSEWHERE, user=BEN)
    assert "Declared" in answer.text
    assert CHANNEL not in str(answer.blocks)


def test_where_slack_does_not_say_what_is_private_nothing_is_shown(desk: Desk) -> None:
    stored(desk.store, title="Nobody can log in", hubs=("datahub",), declared_at=desk.now())
    desk.slack.failing = {"private_channels": RetryLater("Slack is down.")}
    answer = desk.command(LINE, channel=ELSEWHERE)
    assert "Declared" in answer.text
    assert CHANNEL not in str(answer.blocks)


@pytest.mark.parametrize(
    "values", [{"status": "resolved"}, {"status": "closed"}, {"hubs": ("stat20",), "title": "Slow"}]
)
def test_what_is_over_or_other_is_not_shown(desk: Desk, values: dict[str, Any]) -> None:
    usual = {"title": "Nobody can log in", "hubs": ("datahub",), "declared_at": desk.now()}
    stored(desk.store, **{**usual, **values})
    assert "Declared" in desk.command(LINE, channel=ELSEWHERE).text


def test_what_was_declared_long_ago_is_not_shown(desk: Desk) -> None:
    long_ago = desk.now() - timedelta(hours=13)
    stored(desk.store, title="Nobody can log in", hubs=("datahub",), declared_at=long_ago)
    assert "Declared" in desk.command(LINE, channel=ELSEWHERE).text


def test_the_form_shows_them_once_it_is_open(desk: Desk) -> None:
    desk.command(LINE, channel=ELSEWHERE)
    first = opened(desk, 1)
    desk.command("declare datahub Logins fail", channel=ELSEWHERE, user=BEN)
    before, shown = desk.slack.views[-2:]
    assert first.title not in str(before)
    assert first.title in str(shown)
    assert desk.submit(user=BEN).acks == [{}]  # Ben has seen it
    assert len(incidents(desk)) == 2


def test_the_form_follows_the_hubs_that_are_chosen(desk: Desk) -> None:
    desk.command(LINE, channel=ELSEWHERE)
    first = opened(desk, 1)
    desk.command("declare", channel=ELSEWHERE, user=BEN)
    assert first.title not in str(desk.slack.views[-1])
    chosen = {
        "hubs": {
            ACTION_HUBS: {"type": "multi_static_select", "selected_options": [{"value": "datahub"}]}
        }
    }
    title = {"title": {"value": {"type": "plain_text_input", "value": "My words"}}}
    desk.slack.views[-1]["state"] = {"values": {**chosen, **title}}
    desk.press_in(ACTION_HUBS, "", user=BEN)
    shown = desk.slack.views[-1]
    assert first.title in str(shown)
    assert "My words" in str(shown)
    desk.press_in(ACTION_JOIN, first.id, user=BEN)
    assert BEN in invited(desk, first)
    assert "submit" not in desk.slack.views[-1]


def test_a_form_that_is_sent_second_shows_the_first_ones_incident_and_loses_nothing(
    desk: Desk,
) -> None:
    desk.command("declare Logins fail", channel=ELSEWHERE, user=BEN)
    desk.command(LINE, channel=ELSEWHERE)
    first = opened(desk, 1)
    refused = desk.submit({"hubs": ["datahub"], "summary": "All of them"}, user=BEN, view_id="V1")
    assert "title" in refused.errors
    shown = desk.slack.views[-1]
    assert first.title in str(shown)
    assert "All of them" in str(shown)
    assert desk.submit(user=BEN, view_id="V1").acks == [{}]
    second = incidents(desk)[1]
    assert (second.summary, second.hubs, second.declared_by) == ("All of them", ("datahub",), BEN)


def test_joining_again_invites_somebody_who_has_left(desk: Desk) -> None:
    desk.command(LINE, channel=ELSEWHERE)
    first = opened(desk, 1)
    key = f"{first.id}/invite/{BEN}"
    desk.press(ACTION_JOIN, first.id, channel=ELSEWHERE, user=BEN)
    with desk.store.write() as tx:
        resources.change(tx, key, state="done", ref={"user": BEN}, applied_spec={"user": BEN})
    desk.press(ACTION_JOIN, first.id, channel=ELSEWHERE, user=BEN)
    with desk.store.read() as tx:
        row = resources.get(tx, key)
    assert row is not None
    assert (row.state, row.ref) == ("pending", {})


def test_numbers_follow_the_declarations_also_of_an_earlier_version(desk: Desk) -> None:
    old = stored(desk.store, title="Old")
    assert old.number == 0
    desk.command(LINE, channel=ELSEWHERE)
    with desk.store.read() as tx:
        assert [each.number for each in rows.unclosed(tx)] == [1, 2]
        assert numbers.by_number(tx, TEAM, 1) == rows.get(tx, old.id)
