"""Listings fit into one Slack message, even for long incidents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.domain.timeline import EntryKind, Heading, Latest
from bot.ports import Post
from bot.render import card
from bot.render.commands import after_the_incident, help_rows
from bot.render.listing import ACTION_HELP, SHOWN_LINES, help_, menu, preview, timeline
from bot.render.text import escape, when
from bot.reports import lint
from tests.support.evening import DECLARED, INCIDENT, Record, annotated, edited

ZONE = ZoneInfo("UTC")
MOST_BLOCKS = 50
MOST_TEXT = 3000
MOST_IN_ALL = 9600


def characters(value: Any) -> int:
    """Return all texts of the blocks."""
    if isinstance(value, (list, tuple)):
        return sum(map(characters, value))
    if not isinstance(value, dict):
        return 0
    own = len(value["text"]) if isinstance(value.get("text"), str) else 0
    return own + sum(map(characters, value.values()))


@pytest.mark.parametrize(
    ("length", "shown"), [(20, SHOWN_LINES), (300, 20), (MOST_TEXT, 3)], ids=["short", "", "long"]
)
def test_a_long_timeline_shows_its_latest_entries_with_a_menu_each(length: int, shown: int) -> None:
    record = Record()
    for number in range(SHOWN_LINES + 5):
        record.add(
            EntryKind.NOTE,
            DECLARED,
            {"text": f"note {number} " + "x" * length},
            headings=(Heading.TIMELINE, Heading.WRONG),
        )
    latest = Latest(lines=record.lines[-SHOWN_LINES:], count=len(record.lines))
    blocks = timeline(INCIDENT, latest, zone=ZONE, said="Removed.").blocks
    assert len(blocks) <= MOST_BLOCKS
    assert characters(blocks) <= MOST_IN_ALL
    entries = [block for block in blocks if "accessory" in block]
    assert len(entries) == shown
    assert f"The latest {shown} of {SHOWN_LINES + 5}" in str(blocks[1])
    assert all(len(block["text"]["text"]) <= MOST_TEXT for block in entries)
    for number, entry in enumerate(entries, SHOWN_LINES + 5 - shown):
        assert f"note {number} " in entry["text"]["text"]
        values = [option["value"] for option in entry["accessory"]["options"]]
        assert values == [f"edit:{number + 1}", f"out:{number + 1}"]


def test_an_empty_timeline_says_how_to_fill_it() -> None:
    post = timeline(INCIDENT, Latest(lines=[], count=0), zone=ZONE, said="Removed.")
    assert post.text.startswith("Removed. The timeline is empty. React")


def test_help_names_every_command_once() -> None:
    rows = help_rows(("driver", "scribe"))
    blocks = help_(rows, after_the_incident(), "a legend").blocks
    texts = [block["text"]["text"] for block in blocks if "text" in block]
    assert all(len(text) <= MOST_TEXT for text in texts)
    for row in rows.values():
        assert sum(text.count(row) for text in texts) == 1, row


@pytest.mark.parametrize(
    ("status", "offered"),
    [
        ("fixing", [card.ACTION_UPDATE, card.ACTION_RUN, card.ACTION_RESOLVE]),
        ("resolved", [card.ACTION_CLOSE, card.ACTION_REOPEN]),
        ("closed", [card.ACTION_REPORT, card.ACTION_REOPEN]),
    ],
)
def test_the_menu_offers_what_can_be_done_now(status: str, offered: list[str]) -> None:
    post = menu(replace(INCIDENT, status=status), "commander")
    [row] = [block["elements"] for block in post.blocks if block["type"] == "actions"]
    actions = [button["action_id"] for button in row]
    assert set(offered) <= set(actions)
    assert (card.ACTION_UPDATE in actions) is (status == "fixing")
    assert actions[-1] == ACTION_HELP


def blocks_of(pages: list[Post]) -> list[Mapping[str, Any]]:
    """Return the blocks of a preview without its opening sentence."""
    return [block for page in pages for block in page.blocks][1:]


def test_a_preview_fits_its_messages_whatever_it_says() -> None:
    pages = preview("\n".join(f"line {n}" for n in range(10_000)))
    assert len(pages) == 5, "as many answers as a response_url takes"
    assert all(characters(page.blocks) <= MOST_IN_ALL for page in pages)
    assert "truncated" in str(pages[-1].blocks[-1])
    assert "truncated" not in str(preview("short"))


def test_a_preview_fits_its_blocks_whatever_it_says() -> None:
    lines = [("&" * 50 + f" line {n}") for n in range(60)]
    shown = blocks_of(preview("\n".join(lines)))
    texts = [str(block["text"]["text"]) for block in shown]
    assert all(
        len(text) <= 3000 and text.startswith("```") and text.endswith("```") for text in texts
    )
    assert "\n".join(text.strip("`") for text in texts) == escape("\n".join(lines))
    one = blocks_of(preview("&" * 2000))
    assert "".join(str(block["text"]["text"]).strip("`") for block in one) == "&amp;" * 2000


def test_a_preview_begins_with_the_findings() -> None:
    pages = preview("short", lint("# 2020-01-01 - A\n\n## Summary\n\n" + "Ask <@U1>. TODO\n" * 30))
    shown = str(pages[0].blocks[1]["text"]["text"])
    assert (
        "“TODO” says that something is still to be written. Write it, or remove the note." in shown
    )
    assert "&lt;@U1&gt; notifies people" in shown
    assert "… and 52 more" in shown and len(shown) < 3000
    many = preview("x\n" * 100_000, lint("# A\n\n" + f"Ask @{'a' * 39}.\n" * 99))
    assert all(characters(page.blocks) <= MOST_IN_ALL for page in many)


def test_the_timeline_says_who_edited_and_offers_only_what_is_possible() -> None:
    record = Record()
    record.add(EntryKind.NOTE, DECLARED, {"text": "it fell"}, revisions=[edited("UBEN")])
    record.add(
        EntryKind.ROLE,
        DECLARED,
        {"role": "scribe", "user": "UBEN"},
        revisions=[annotated("UADA", f"note {number} <!here>") for number in range(5)],
    )
    latest = Latest(lines=record.lines, count=2)
    _title, note, role = timeline(INCIDENT, latest, zone=ZONE).blocks
    assert note["text"]["text"].endswith("it fell\n_edited by <@UBEN>_")
    said = role["text"]["text"].split("\n")
    assert said[1] == "_The report has all 5 annotations._"
    assert said[2:] == [
        f"↳ <@UADA>, {when(DECLARED)}: note {number} &lt;!here>" for number in (2, 3, 4)
    ]
    menus = [
        [option["text"]["text"] for option in block["accessory"]["options"]]
        for block in (note, role)
    ]
    assert menus == [["Edit", "Remove"], ["Annotate"]]


def test_annotated_entries_fit_into_their_blocks() -> None:
    record = Record()
    for _ in range(SHOWN_LINES):
        record.add(
            EntryKind.RESOLVED,
            DECLARED,
            {"text": "x" * MOST_TEXT},
            revisions=[annotated("UADA", "y" * 500)] * 4,
        )
    blocks = timeline(INCIDENT, Latest(lines=record.lines, count=SHOWN_LINES), zone=ZONE).blocks
    assert characters(blocks) <= MOST_IN_ALL
    assert all(len(block["text"]["text"]) <= MOST_TEXT for block in blocks if "text" in block)
