"""*Edit report*: boxes that people tick by hand, the front matter, and times without a clock."""

from __future__ import annotations

import pytest

from bot.domain.milestones import Milestone
from bot.domain.publication import Publication
from bot.domain.typed_time import Unit
from bot.render import edit_pages as pages
from bot.render.edit_pages import UNTRUE
from bot.render.review import review_form
from bot.reports import Rule
from bot.store.engine import Store
from tests.support.desk import Desk
from tests.support.editing import INCIDENT, add_item, open_part, texts, undo_value

LINKED = "All actionable items above have linked GitHub Issues"
UNTRUE_LINKED = "action items without an issue"


@pytest.fixture
def desk(rows: Store) -> Desk:
    """A desk whose reports have a checklist and front matter."""
    return Desk(rows, report_form="2024")


def boxes(desk: Desk) -> list[str]:
    """The checklist of the draft."""
    lines = desk.context.reports.draft(INCIDENT).splitlines()
    return [line for line in lines if line.startswith("- [")]


def test_a_box_is_ticked_by_hand_and_back(desk: Desk) -> None:
    add_item(desk)
    assert f"- [ ] {LINKED}" in boxes(desk)
    open_part(desk, "ticks")
    assert desk.submit({"linked": "ticked"}).errors == {}
    assert desk.incident.report_options.ticks == {"linked": True}
    assert f"- [x] {LINKED}" in boxes(desk)
    assert f"☑ {LINKED}" in texts(desk)
    desk.press_in(pages.ACTION_UNDO, undo_value(desk))
    assert desk.incident.report_options.ticks == {}
    assert f"- [ ] {LINKED}" in boxes(desk)


def test_the_page_warns_of_an_untrue_tick_until_it_is_so(desk: Desk) -> None:
    item = add_item(desk)
    open_part(desk, "ticks")
    desk.submit({"linked": "ticked"})
    warning = UNTRUE.format(label=LINKED, reason="there are action items without an issue")
    assert texts(desk).count(warning) == 2, "in the answer and beside the checklist"
    desk.command("edit")
    assert warning in texts(desk)
    open_part(desk, f"item/{item.id}")
    desk.submit({"link": "https://github.com/o/r/issues/1"})
    desk.command("edit")
    assert UNTRUE_LINKED not in texts(desk)


def test_the_review_shows_what_the_lint_finds(desk: Desk) -> None:
    add_item(desk)
    open_part(desk, "ticks")
    desk.submit({"filled": "ticked"})
    desk.command("note at 15:10 TODO: who saw it first?")
    found = desk.context.reports.findings(INCIDENT)
    assert Rule.TICK in {one.rule for one in found}
    publication = Publication(incident_id=INCIDENT, documents=())
    shown = review_form(
        INCIDENT, "t", publication, replaced=(), places=(), can_be_approved=True, findings=found
    )
    assert "Before it is published" in str(shown)
    assert "The box says that all sections are filled out" in str(shown)


def test_a_box_that_mayday_ticks_is_unticked_by_hand(desk: Desk) -> None:
    desk.command("resolve")
    assert boxes(desk)[0] == "- [x] Incident has been dealt with or is over"
    open_part(desk, "ticks")
    desk.submit({"over": "not ticked"})
    assert boxes(desk)[0] == "- [ ] Incident has been dealt with or is over"
    assert "⚠️" not in texts(desk)
    open_part(desk, "ticks")
    desk.submit({"over": "as mayday finds"})
    assert desk.incident.report_options.ticks == {}


def test_the_name_and_the_description_of_front_matter_are_edited(desk: Desk) -> None:
    open_part(desk, "front")
    assert desk.submit({"name": "Core nodes (Feb 2017)", "about": "A node\nfailed."}).errors == {}
    draft = desk.context.reports.draft(INCIDENT)
    assert 'name: "Core nodes (Feb 2017)"\nabout: "A node failed."\n' in draft
    assert "Core nodes (Feb 2017) · A node failed." in texts(desk)
    assert "part section/name" not in texts(desk)
    open_part(desk, "front")
    desk.submit({"name": "", "about": ""})
    assert desk.incident.answers.texts == {}


def test_only_forms_with_a_checklist_and_front_matter_ask_for_them(rows: Store, desk: Desk) -> None:
    desk.command("edit")
    assert {"part ticks", "part front"} <= {
        b.get("block_id") for b in desk.slack.views[-1]["blocks"]
    }
    other = Desk(rows, report_form="2017")
    other.command("edit")
    shown = {b.get("block_id") for b in other.slack.views[-1]["blocks"]}
    assert not {"part ticks", "part front"} & shown


def test_assignees_are_typed_with_or_without_their_sign(desk: Desk) -> None:
    open_part(desk, "about")
    desk.submit({"assignees": "@ada, ben,@ada"})
    assert desk.incident.report_options.assignees == ("ada", "ben")
    assert 'assignees: "@ada, @ben"' in desk.context.reports.draft(INCIDENT)


def test_the_five_times_can_be_days_and_months(desk: Desk) -> None:
    open_part(desk, "times")
    assert (
        desk.submit({"impact": "Feb 7", "detected": "7 Feb 15:10", "resolved": "Feb 9 - 10"}).errors
        == {}
    )
    times = desk.incident.milestones
    assert [time.unit for time in times.values()] == [Unit.DAY, Unit.MINUTE, Unit.DAY]
    draft = desk.context.reports.draft(INCIDENT)
    assert "- Start of impact: 2017-02-07\n" in draft
    assert "- Detected: 15:10 (after less than 1d)\n" in draft
    assert "- Resolved: 2017-02-09 – 2017-02-10 (after about 2d)" in draft
    assert "Check these times" not in draft
    open_part(desk, "times")
    desk.submit({"impact": "January 2017"})
    assert desk.incident.milestones[Milestone.IMPACT].unit is Unit.MONTH
    assert "(after" not in desk.context.reports.draft(INCIDENT)


def test_days_stand_before_the_clocks_of_their_first_day(desk: Desk) -> None:
    for note in (
        "2017-02-21 10:00 a clock",
        "Feb 21 - 22 two days",
        "Feb 21 a day",
        "January 2017 a month",
        "Feb 20 23:50 - 2017-02-21 00:10 a night",
    ):
        assert "Noted at" in desk.command(f"note at {note}").text
    draft = desk.context.reports.draft(INCIDENT)
    assert [
        line[4:] for line in draft.splitlines() if line.startswith("### 2") or "January" in line
    ] == [
        "January 2017",
        "2017-02-20 23:50 – 2017-02-21 00:10",
        "2017-02-21",
        "2017-02-21 – 2017-02-22",
        "2017-02-21 10:00",
    ]


def test_a_note_that_seems_to_have_a_time_says_that_none_was_read(desk: Desk) -> None:
    assert "read no time in it" in desk.command("note at late February 2017 the pool shrank").text
    assert "read no time" not in desk.command("note at last it works").text


def test_a_note_near_the_times_of_the_incident_is_not_far_from_others(desk: Desk) -> None:
    desk.command("time impact 2016-02-07 10:00")
    assert "from the nearest other" not in desk.command("note at 2016-02-07 11:00 it began").text
    assert "from the nearest other" in desk.command("note at 2016-01-07 11:00 too early").text
    assert "from the nearest other" not in desk.command("note at January 2016 it grew").text
