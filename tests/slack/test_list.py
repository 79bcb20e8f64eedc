"""``/incident list``: open ones apart from those that are over, filtered, in pages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest

from bot.domain.incident_filter import IncidentFilter
from bot.render import listing
from bot.render.reader_buttons import ACTION_CATCH_UP
from bot.slack.list_words import read_filter
from bot.store import incident_pages, incidents
from bot.store.engine import Store
from sandbox.slack.blocks import message_blocks
from tests.support.desk import ANA, BEN, ELSEWHERE, Answer, Desk
from tests.support.rows import NOW, POLICY, TEAM, incident

HUBS = ("datahub", "Data 8", "data8", 'stat"20')


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", IncidentFilter()),
        ("all", IncidentFilter()),
        ("Closed DataHub", IncidentFilter(is_open=False, hubs=["datahub"])),
        ("open, data 8", IncidentFilter(is_open=True, hubs=["Data 8"])),
        (
            "“SEV1” mine resolved",
            IncidentFilter(severities=["sev1"], mine=ANA, statuses=["resolved"]),
        ),
        ("sev1 sev2", IncidentFilter(severities=["sev1", "sev2"])),
    ],
)
def test_what_is_typed_is_read_in_any_order_and_case(text: str, expected: IncidentFilter) -> None:
    found = read_filter(text, policy=POLICY, hubs=HUBS, user=ANA)
    assert (found.is_open, found.mine) == (expected.is_open, expected.mine)
    assert [*found.hubs] == [*expected.hubs]
    assert [*found.severities] == [*expected.severities]
    assert [*found.statuses] == [*expected.statuses]


@pytest.fixture
def filled(store: Store) -> Iterator[Store]:
    """Three open incidents, twelve that are over, and a private one."""
    values = [
        {"hubs": ("datahub",), "severity": "sev1"},
        {"hubs": ("data8",), "roles": {"scribe": BEN}},
        {"hubs": ('stat"20',), "declared_by": BEN},
        {"private": True, "title": "Xylophone"},
        *({"status": "closed", "hubs": ("datahub",), "closed_at": NOW} for _ in range(12)),
    ]
    with store.write() as tx:
        for number, each in enumerate(values):
            made = incident(
                id=f"i{number}",
                channel_id=f"C{number}",
                channel_name=f"inc-{number}",
                declared_at=NOW - timedelta(days=number),
                **{"title": f"Outage {number}", **each},
            )
            assert incidents.add(tx, made)
    yield store


def ids(store: Store, wanted: IncidentFilter, *, seen_from: str = "") -> list[str]:
    with store.read() as tx:
        found = incident_pages.page(tx, TEAM, wanted, seen_from=seen_from, first=0, size=99)
    assert len(found.incidents) == found.open + found.over
    return [one.id for one in found.incidents]


def test_incidents_are_filtered_by_what_they_have(filled: Store) -> None:
    assert ids(filled, IncidentFilter(is_open=True)) == ["i0", "i1", "i2"]
    assert ids(filled, IncidentFilter(is_open=True), seen_from="C3") == ["i0", "i1", "i2", "i3"]
    assert len(ids(filled, IncidentFilter(is_open=False))) == 12
    assert ids(filled, IncidentFilter(severities=["sev1"])) == ["i0"]
    assert ids(filled, IncidentFilter(mine=BEN)) == ["i1", "i2"]
    assert ids(filled, IncidentFilter(hubs=["data8", 'stat"20'])) == ["i1", "i2"]
    assert ids(filled, IncidentFilter(hubs=["data"])) == []
    assert ids(filled, IncidentFilter(hubs=["%"])) == []
    assert ids(filled, IncidentFilter(statuses=["fixing"])) == []


def shown(answer: Answer) -> str:
    message_blocks(answer.blocks)
    return json.dumps(answer.blocks, ensure_ascii=False)


def test_the_list_has_pages_that_take_each_others_place(filled: Store) -> None:
    desk = Desk(filled, hubs=HUBS)
    first = desk.command("list", channel=ELSEWHERE)
    assert "*Open: 3*" in shown(first) and "*Over: 12*" in shown(first)
    assert "1 to 10 of 15" in shown(first) and "Xylophone" not in shown(first)
    (button,) = first.blocks[-1]["elements"]
    assert button["action_id"] == listing.ACTION_OLDER
    second = desk.press(button["action_id"], button["value"], channel=ELSEWHERE)
    assert "11 to 15 of 15" in shown(second) and "*Open" not in shown(second)
    assert second.posts[-1]["replace_original"]
    (button,) = second.blocks[-1]["elements"]
    again = desk.press(button["action_id"], button["value"], channel=ELSEWHERE)
    assert "1 to 10 of 15" in shown(again)


def test_a_filter_stays_from_page_to_page(filled: Store) -> None:
    desk = Desk(filled, hubs=HUBS)
    first = desk.command("list closed datahub", channel=ELSEWHERE)
    assert "*Open" not in shown(first) and "1 to 10 of 12" in shown(first)
    (button,) = first.blocks[-1]["elements"]
    second = desk.press(button["action_id"], button["value"], channel=ELSEWHERE)
    assert "11 to 12 of 12" in shown(second)
    assert "Outage 1\\n" in shown(desk.command("list mine", channel=ELSEWHERE, user=BEN))
    assert "No incident is `sev3`" in desk.command("list sev3", channel=ELSEWHERE).text


def test_an_unknown_word_is_refused_with_the_words_that_there_are(filled: Store) -> None:
    desk = Desk(filled, hubs=HUBS)
    assert "There is no list “closd”. Did you mean closed?" in desk.command("list closd").text


def test_each_incident_is_shown_by_its_button(filled: Store) -> None:
    desk = Desk(filled, hubs=HUBS)
    row = next(b for b in desk.command("list", channel=ELSEWHERE).blocks if "accessory" in b)
    assert row["accessory"]["action_id"] == ACTION_CATCH_UP
    answer = desk.press(ACTION_CATCH_UP, row["accessory"]["value"], channel=ELSEWHERE)
    assert "Outage 0" in shown(answer)
