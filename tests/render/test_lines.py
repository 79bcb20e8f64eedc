"""The wording of entries."""

from __future__ import annotations

from typing import Any

import pytest

from bot.domain.timeline import EntryKind, FileRef, Heading
from bot.render.lines import entry_words, quiet, words
from bot.render.markdown import Names
from tests.support.evening import DECLARED, PACIFIC, PEOPLE, Record, annotated, edited, evening

NAMES = Names(people=PEOPLE, zone=PACIFIC)


@pytest.mark.parametrize(
    ("kind", "data", "said"),
    [
        (
            EntryKind.DECLARED,
            {"severity": "sev1", "hubs": ["a", "b"]},
            "Ada declared the incident as sev1 on a, b.",
        ),
        (
            EntryKind.STATUS,
            {"from": "investigating", "to": "fixing", "text": "found it"},
            "Ada changed the status from investigating to fixing: found it",
        ),
        (
            EntryKind.SEVERITY,
            {"from": "sev2", "to": "sev1"},
            "Ada changed the severity from sev2 to sev1.",
        ),
        (
            EntryKind.ROLE,
            {"role": "commander", "user": "UBEN", "before": "UADA"},
            "Ada gave Ben the role of commander from Ada.",
        ),
        (
            EntryKind.ROLE,
            {"role": "scribe", "user": "UADA", "before": None},
            "Ada took the role of scribe.",
        ),
        (EntryKind.UPDATE, {"text": "half are back"}, "**Update:** half are back — Ada"),
        (EntryKind.RESOLVED, {"from": "fixing", "to": "resolved"}, "Ada resolved the incident."),
        (
            EntryKind.REOPENED,
            {"from": "resolved", "to": "fixing"},
            "Ada reopened the incident; its status is fixing.",
        ),
        (EntryKind.ACTION_ITEM, {"item": "x1", "text": "tune"}, "Ada added an action item: tune"),
    ],
)
def test_every_kind_is_a_sentence(kind: EntryKind, data: dict[str, Any], said: str) -> None:
    record = Record()
    record.add(kind, DECLARED, data)
    assert entry_words(record.lines[0], NAMES) == said


def test_a_runbooks_step_tells_where_and_what_was_seen() -> None:
    (line,) = [one for one in evening().lines if one.entry.kind is EntryKind.RUNBOOK]
    said = entry_words(line, NAMES)
    assert said.startswith("Ada ran `resync-routes` on `prod / datahub-prod / datahub` to ")
    assert "0 → 12" in said


def test_a_message_is_signed_with_a_link_to_where_it_was_said() -> None:
    record = Record()
    record.record_message("21:14", "errors in *datahub*")
    url = record.lines[0].message.permalink if record.lines[0].message else ""
    assert entry_words(record.lines[0], NAMES) == f"errors in **datahub** — [Ben]({url})"


def test_a_signature_never_becomes_part_of_a_list_or_of_code() -> None:
    record = Record()
    record.record_message("21:14", "• one\n• two")
    record.record_message("21:15", "```code```")
    for line in record.lines:
        assert entry_words(line, NAMES).rpartition("\n\n")[2].startswith("— [Ben](")


def test_files_are_listed_with_their_links() -> None:
    file = FileRef(
        id="F1", name="graph_1.png", mimetype="image/png", permalink="https://slack.test/F1"
    )
    record = Record()
    record.record_message("21:14", "", Heading.TIMELINE, files=(file,))
    assert entry_words(record.lines[0], NAMES).startswith(
        "Files: [graph_1.png](https://slack.test/F1)"
    )


def test_for_slack_mentions_stay_and_broadcasts_do_not() -> None:
    record = Record()
    record.record_message(
        "21:14", "<@UADA> look <!channel> <!subteam^S1|@ops> <!date^1^{time}|then>"
    )
    assert quiet(words(record.lines[0])) == (
        "<@UADA> look &lt;!channel> &lt;!subteam^S1|@ops> <!date^1^{time}|then>"
    )


def test_values_are_escaped_for_slack() -> None:
    record = Record()
    record.add(EntryKind.DECLARED, DECLARED, {"severity": "<!here>", "hubs": []})
    assert "<!here>" not in words(record.lines[0])


def test_the_report_says_who_edited_an_entry_and_what_was_added() -> None:
    record = Record()
    record.add(
        EntryKind.NOTE,
        DECLARED,
        {"text": "it fell"},
        revisions=[edited("UADA"), edited("UBEN"), annotated("UADA", "<@UBEN> saw *it*\n# too")],
    )
    assert entry_words(record.lines[0], NAMES) == (
        "it fell (edited by Ben)\n\n> Ada added at 21:16: Ben saw **it**\n> \\# too"
    )


def test_an_edit_stands_after_the_signature_and_below_a_list() -> None:
    record = Record()
    for text in ("it fell", "- one\n- two"):
        record.add(EntryKind.NOTE, DECLARED, {"text": text}, revisions=[edited("UNOBODY")])
    assert entry_words(record.lines[0], NAMES) == "it fell (edited by somebody)"
    assert entry_words(record.lines[1], NAMES).endswith("\n\n(edited by somebody)")
