"""*Edit report*, by command and button: what people see, change, and take back, before and after closing."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from bot.domain.milestones import Milestone
from bot.domain.publication import Target, TargetKind
from bot.domain.report import timeline_lines
from bot.domain.report_parts import FILED
from bot.domain.resources import ResourceKind, resource_key
from bot.domain.timeline import EntryKind
from bot.forms import preset
from bot.render import edit_notice
from bot.render import edit_pages as pages
from bot.slack.interactions import edit
from bot.store import incidents as rows
from bot.store import resources
from tests.support.desk import ANA, BEN, Desk
from tests.support.editing import INCIDENT, add_item, open_part, options, texts, undo_value
from tests.support.rows import NOW, incident, message


def closed(desk: Desk) -> None:
    with desk.store.write() as tx:
        rows.save(tx, incident(status="closed", resolved_at=NOW, closed_at=NOW))


def published(desk: Desk) -> list[str]:
    return [key for key in desk.work.keys if key.startswith("publish/")]


def test_a_section_is_edited_and_the_page_says_so(desk: Desk) -> None:
    open_part(desk, "section/conclusion")
    assert desk.submit({"text": "The node was too small.", "heading": "Why"}).errors == {}
    assert desk.incident.answers.conclusion == "The node was too small."
    assert desk.incident.report_options.headings == {"conclusion": "Why"}
    assert "Saved: Why" in texts(desk)
    assert "The node was too small." in texts(desk)


def test_the_headings_of_collected_sections_are_edited(desk: Desk) -> None:
    open_part(desk, "headings")
    assert desk.submit({"timeline": "What happened"}).errors == {}
    assert desk.incident.report_options.headings == {"timeline": "What happened"}
    assert "What happened" in texts(desk)
    assert "part section/timeline" not in texts(desk)


def test_any_section_of_a_form_has_a_text(desk: Desk) -> None:
    open_part(desk, "section/resolution")
    desk.submit({"text": "We moved the proxy."})
    assert desk.incident.answers.texts == {"resolution": "We moved the proxy."}
    assert "Resolution" in texts(desk)


def test_a_section_for_this_report_only_is_added_changed_and_removed(desk: Desk) -> None:
    for fields in ({"heading": "Costs", "text": "$ 10"}, {"text": "$ 12"}):
        open_part(desk, "extra/0")
        assert desk.submit(fields).errors == {}
    (extra,) = desk.incident.report_options.extra
    assert (extra.heading, extra.text) == ("Costs", "$ 12")
    open_part(desk, "extra/0")
    desk.submit({"heading": "", "text": ""})
    assert desk.incident.report_options.extra == ()
    desk.press_in(pages.ACTION_UNDO, undo_value(desk))
    assert desk.incident.report_options.extra == (extra,)


def test_title_date_hubs_and_labels_are_edited(desk: Desk) -> None:
    open_part(desk, "about")
    answer = desk.submit(
        {
            "title": "The proxy was evicted",
            "report_date": "2017-02-25",
            "hubs": ["datahub"],
            "other_hubs": "Stat 20 https://stat20.example.edu\nprob140",
            "labels": "incident, core",
            "assignees": "ana",
        }
    )
    assert answer.errors == {}
    now = desk.incident
    assert (now.title, now.answers.report_date) == ("The proxy was evicted", date(2017, 2, 25))
    assert now.hubs == ("datahub", "Stat 20", "prob140")
    assert now.report_options.hub_urls == {"Stat 20": "https://stat20.example.edu"}
    assert now.report_options.labels == ("incident", "core")
    assert now.report_options.assignees == ("ana",)
    assert now.channel_name == incident().channel_name


@pytest.mark.parametrize("hub", ["https://x.example.edu", "https://x.example.edu x"])
def test_a_hub_without_a_name_is_refused(desk: Desk, hub: str) -> None:
    open_part(desk, "about")
    assert list(desk.submit({"other_hubs": hub}).errors) == ["other_hubs"]
    assert desk.incident.hubs == ()


def test_the_configured_labels_are_not_kept_as_a_choice(desk: Desk) -> None:
    for labels in ("core", "incident"):
        open_part(desk, "about")
        desk.submit({"labels": labels})
    assert desk.incident.report_options.labels is None


def test_the_five_times_are_typed_and_removed(desk: Desk) -> None:
    open_part(desk, "times")
    assert desk.submit({"impact": "15:10", "detected": "~15:20"}).errors == {}
    times = desk.incident.milestones
    assert times[Milestone.IMPACT].at == datetime(2017, 2, 23, 23, 10, tzinfo=UTC)
    assert times[Milestone.DETECTED].is_about
    open_part(desk, "times")
    desk.submit({"detected": ""})
    assert list(desk.incident.milestones) == [Milestone.IMPACT]


def test_a_time_that_cannot_be_read_is_refused_at_its_input(desk: Desk) -> None:
    open_part(desk, "times")
    assert list(desk.submit({"impact": "14:05 soonish"}).errors) == ["impact"]
    assert desk.incident.milestones == {}


def test_times_out_of_order_are_saved_and_said(desk: Desk) -> None:
    open_part(desk, "times")
    desk.submit({"impact": "15:30", "detected": "15:10"})
    assert "“Detected” is before “Start of impact”" in texts(desk)


def test_an_action_item_is_edited_wholly(desk: Desk) -> None:
    item = add_item(desk)
    open_part(desk, f"item/{item.id}")
    answer = desk.submit(
        {
            "title": "Alert on lost routes",
            "group": "Monitoring",
            "owner": BEN,
            "due_on": "2017-03-01",
            "link": "https://github.com/o/r/issues/7",
            "state": "done",
            "repository": "https://github.com/o/r/",
        }
    )
    assert answer.errors == {}
    (now,) = desk.context.edits.items(INCIDENT)
    assert (now.title, now.group, now.owner) == ("Alert on lost routes", "Monitoring", BEN)
    assert (now.due_on, now.repository) == (date(2017, 3, 1), "o/r")
    assert (now.state, now.state_by, now.state_at) == ("done", ANA, desk.now())
    assert now.link.endswith("/7")
    assert now.position == item.position


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"title": ""}, "title"),
        ({"link": "github.com/x"}, "link"),
        ({"title": "x" * 251}, "title"),
        ({"repository": "o/r/s"}, "repository"),
        ({"repository": "here"}, "repository"),
    ],
)
def test_a_wrong_action_item_is_refused(desk: Desk, values: dict[str, Any], field: str) -> None:
    item = add_item(desk)
    open_part(desk, f"item/{item.id}")
    assert list(desk.submit(values).errors) == [field]
    assert desk.context.edits.items(INCIDENT) == [item]


def test_the_menu_of_an_item_changes_its_state(desk: Desk) -> None:
    item = add_item(desk)
    desk.command("edit")
    desk.press_in("edit.page.items", "items:0")
    desk.press_in(pages.ACTION_ITEM, options(desk, f"item {item.id}")["Drop"])
    assert desk.context.edits.items(INCIDENT)[0].state == "dropped"
    assert "Reopen" in options(desk, f"item {item.id}")
    desk.press_in(pages.ACTION_UNDO, undo_value(desk))
    assert desk.context.edits.items(INCIDENT)[0].state == "open"


def test_an_item_added_above_the_page_appears_on_it(desk: Desk) -> None:
    desk.command("edit")
    desk.press_in("edit.page.items", "items:0")
    desk.press_in(pages.ACTION_ADD, "")
    desk.submit({"title": "Write a runbook"})
    assert "Write a runbook" in texts(desk)


def test_entries_of_one_time_are_moved(desk: Desk) -> None:
    for text in ("first", "second"):
        desk.command(f"note at 15:10 {text}")
    one, other = desk.of_kind(EntryKind.NOTE)
    desk.command("edit")
    desk.press_in("edit.page.timeline", "timeline:0")
    assert "Move up" not in options(desk, f"entry {one.id}")
    desk.press_in(pages.ACTION_ENTRY, options(desk, f"entry {other.id}")["Move up"])
    lines = desk.context.record.lines(INCIDENT)
    shown = timeline_lines(desk.incident, lines, desk.settings.zone)
    order = [line.entry.id for line in shown]
    assert order.index(other.id) < order.index(one.id)


def test_an_entry_is_edited_removed_and_restored_from_its_page(desk: Desk) -> None:
    desk.command("note at 15:10 it fell")
    (note,) = desk.of_kind(EntryKind.NOTE)
    desk.command("edit")
    desk.press_in("edit.page.timeline", "timeline:0")
    desk.press_in(pages.ACTION_ENTRY, options(desk, f"entry {note.id}")["Edit"])
    desk.submit({"text": "it was evicted", "at": "15:12"})
    assert "it was evicted" in texts(desk)
    desk.press_in(pages.ACTION_ENTRY, options(desk, f"entry {note.id}")["Remove"])
    assert desk.of_kind(EntryKind.NOTE) == []
    desk.press_in(pages.ACTION_ENTRY, options(desk, f"entry {note.id}")["Restore"])
    (now,) = desk.of_kind(EntryKind.NOTE)
    assert (now.data["text"], now.at) == ("it was evicted", note.at + timedelta(minutes=2))


def test_the_page_of_changes_takes_an_edit_of_an_entry_back(desk: Desk) -> None:
    desk.command("note at ~15:10:07 - 15:20 it fell")
    (note,) = desk.of_kind(EntryKind.NOTE)
    desk.press(pages.ACTION_OPEN)
    desk.press_in(pages.ACTION_ENTRY, f"edit:{note.id}")
    desk.submit({"text": "it was evicted", "at": "15:12"})
    desk.press_in("edit.page.changes", "changes:0")
    assert "edited an entry: “it fell” → “it was evicted”" in texts(desk)
    revision = desk.context.record.line(INCIDENT, note.id).revisions[-1]
    desk.press_in(pages.ACTION_UNDO, f"entry:{revision.id}")
    (now,) = desk.of_kind(EntryKind.NOTE)
    assert (now.data, now.time) == (note.data, note.time)


def test_what_changed_again_is_not_taken_back(desk: Desk) -> None:
    open_part(desk, "section/impact")
    desk.submit({"text": "one"})
    undo = undo_value(desk)
    open_part(desk, "section/impact")
    desk.submit({"text": "two"}, user=BEN)
    assert "changed again since" in desk.press_in(pages.ACTION_UNDO, undo).text
    assert desk.incident.answers.impact == "two"


def test_a_closed_incident_is_edited_without_reopening_and_published(desk: Desk) -> None:
    closed(desk)
    open_part(desk, "section/impact")
    assert edit_notice.AT_ONCE in texts(desk)
    assert published(desk) == []
    desk.submit({"text": "Nobody could work."})
    assert len(published(desk)) == 1
    assert desk.incident.status == "closed"


def test_an_open_incident_is_not_published(desk: Desk) -> None:
    open_part(desk, "section/impact")
    desk.submit({"text": "Nobody can work."})
    assert published(desk) == []


def test_each_edit_of_an_entry_after_closing_is_published(desk: Desk) -> None:
    desk.command("note at 15:10 it fell")
    desk.command("note at 15:10 it rose")
    one, other = (note.id for note in desk.of_kind(EntryKind.NOTE))
    closed(desk)
    desk.command("edit")
    desk.press_in(pages.ACTION_ENTRY, f"edit:{one}")
    desk.submit({"text": "it was evicted"})
    for done in (f"down:{one}:{other}", f"remove:{one}", f"restore:{one}"):
        desk.press_in(pages.ACTION_ENTRY, done)
    desk.press_in(pages.ACTION_ENTRY, f"annotate:{one}")
    desk.submit({"text": "as the log shows"})
    assert len(published(desk)) == 5


def test_a_form_whose_values_are_not_changed_saves_nothing(desk: Desk) -> None:
    open_part(desk, "about")
    assert desk.submit().errors == {}
    assert edit.UNCHANGED in texts(desk)
    assert desk.context.edits.history(INCIDENT, limit=9) == []


@pytest.mark.parametrize("between", ["\n\n", "\n", " ", ""])
def test_a_long_text_has_several_inputs_and_stays_whole(desk: Desk, between: str) -> None:
    long = between.join(["x" * 1900] * 4)
    with desk.store.write() as tx:
        rows.save(tx, incident(summary=long))
    open_part(desk, "section/summary")
    assert desk.submit({"heading": "In short"}).errors == {}
    assert desk.incident.summary == long
    open_part(desk, "section/summary")
    inputs = [b["block_id"] for b in desk.slack.views[-1]["blocks"] if b["type"] == "input"]
    first = next(b for b in desk.slack.views[-1]["blocks"] if b.get("block_id") == "text")
    assert inputs[:3] == ["text", "text.2", "text.3"]
    desk.submit({"text": first["element"]["initial_value"] + "!"})
    assert len(desk.incident.summary) == len(long) + 1


def test_a_long_message_is_not_shortened_by_editing_its_time(desk: Desk) -> None:
    said = message("1487895900.000100", text="a line of it\n" * 500, author=ANA)
    desk.context.record.file_message(said, by=ANA)
    (entry,) = desk.of_kind(EntryKind.MESSAGE)
    desk.command("edit")
    desk.press_in(pages.ACTION_ENTRY, f"edit:{entry.id}")
    assert desk.submit({"at": "15:10"}).errors == {}
    line = desk.context.record.line(INCIDENT, entry.id)
    assert line.text == said.text
    assert "text" not in line.entry.data
    assert line.entry.at != entry.at


def test_what_the_time_command_sets_is_taken_back_on_the_page_of_changes(desk: Desk) -> None:
    desk.command("time impact 15:10")
    desk.command("hubs add stat20 https://stat20.example.edu")
    desk.command("edit")
    desk.press_in("edit.page.changes", "changes:0")
    for revision in desk.context.edits.history(INCIDENT, limit=9):
        assert f"part:{revision.id}" in texts(desk)
        desk.press_in(pages.ACTION_UNDO, f"part:{revision.id}")
    assert desk.incident.milestones == {}
    assert desk.incident.hubs == ()


@pytest.mark.parametrize("form", ["2i2c", "mybinder", "datahub"])
def test_the_page_has_the_sections_of_the_form_and_of_the_targets_forms(
    desk: Desk, form: str
) -> None:
    targets = (Target(kind=TargetKind.FOLDER, form="mybinder"),)
    desk = Desk(desk.store, report_form=form, targets=targets)
    desk.command("edit")
    for name in (form, "mybinder"):
        for section in preset(name).questions:
            assert f"section/{section.key}" in texts(desk)
    for section in preset(form).questions:
        assert f"*{section.heading}*" in texts(desk)


def test_a_filed_issue_stays_in_its_repository(desk: Desk) -> None:
    item = add_item(desk)
    with desk.store.write() as tx:
        rows.change_item(tx, item.id, issue_url="https://github.com/o/r/issues/7")
    open_part(desk, f"item/{item.id}")
    assert desk.submit({"repository": "o/other"}).errors == {"repository": FILED}
    assert desk.submit({"category": "alerts"}).errors == {}


def test_all_places_of_a_report_are_named(desk: Desk) -> None:
    refs = {
        (ResourceKind.REPORT_ISSUE, ""): {"url": "https://github.com/o/r/issues/1"},
        (ResourceKind.REPORT_ISSUE, "2"): {"url": "https://github.com/o/s/issues/2"},
        (ResourceKind.REPORT_PULL, "3"): {"url": "https://github.com/o/t/pull/3"},
        (ResourceKind.REPORT_FILE, "4"): {"path": "reports/x.md"},
    }
    with desk.store.write() as tx:
        for (kind, subject), ref in refs.items():
            resources.add(tx, INCIDENT, kind, subject, spec={}, now=NOW)
            resources.change(tx, resource_key(INCIDENT, kind, subject), ref=ref)
    closed(desk)
    open_part(desk, "section/impact")
    for ref in refs.values():
        assert next(iter(ref.values())) in texts(desk)
