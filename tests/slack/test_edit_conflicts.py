"""Two people in one form of *Edit report*, and a form that is delivered again: nothing is lost or doubled."""

from __future__ import annotations

from datetime import date

from bot.domain.timeline import EntryKind
from bot.render import edit_pages as pages
from tests.support.desk import BEN, Desk
from tests.support.editing import INCIDENT, add_item, open_part, texts


def test_two_people_change_different_fields_and_both_keep_theirs(desk: Desk) -> None:
    item = add_item(desk)
    open_part(desk, f"item/{item.id}")
    form = desk.slack.views[-1]
    open_part(desk, f"item/{item.id}", user=BEN)
    assert desk.submit({"owner": BEN}, user=BEN).errors == {}
    desk.slack.views.append(form)
    assert desk.submit({"due_on": "2017-03-01"}, view_id="V0ANA").errors == {}
    (now,) = desk.context.edits.items(INCIDENT)
    assert (now.owner, now.due_on) == (BEN, date(2017, 3, 1))


def test_the_second_of_two_people_is_told_what_the_first_wrote_and_loses_nothing(
    desk: Desk,
) -> None:
    open_part(desk, "section/impact")
    form = desk.slack.views[-1]
    open_part(desk, "section/impact", user=BEN)
    desk.submit({"text": "Ben's words", "heading": "Ben's heading"}, user=BEN)
    desk.slack.views.append(form)
    answer = desk.submit({"text": "Ana's words"}, view_id="V0ANA")
    assert list(answer.errors) == ["text"]
    assert desk.incident.answers.impact == "Ben's words"
    again = texts(desk)
    assert f"<@{BEN}> changed this" in again
    assert "&gt; Ben's words" in again or "> Ben's words" in again
    assert "Ana's words" in again
    assert desk.submit({}, view_id="V0ANA").errors == {}
    assert desk.incident.answers.impact == "Ana's words"
    assert desk.incident.report_options.headings == {"impact": "Ben's heading"}


def test_an_entry_that_changed_meanwhile_is_shown_with_both_texts(desk: Desk) -> None:
    desk.command("note it fell")
    (note,) = desk.of_kind(EntryKind.NOTE)
    desk.command("edit")
    desk.press_in(pages.ACTION_ENTRY, f"edit:{note.id}")
    form = desk.slack.views[-1]
    desk.submit({"text": "it was evicted"}, user=BEN)
    desk.slack.views.append(form)
    assert list(desk.submit({"text": "it was killed"}, view_id="V0ANA").errors) == ["text"]
    assert "it was evicted" in texts(desk)
    assert "it was killed" in texts(desk)
    assert desk.submit({}, view_id="V0ANA").errors == {}
    assert desk.of_kind(EntryKind.NOTE)[0].data["text"] == "it was killed"


def test_a_form_that_is_delivered_again_changes_nothing_more(desk: Desk) -> None:
    open_part(desk, "section/impact")
    form = desk.slack.views[-1]
    desk.submit({"text": "Ana's words"}, view_id="V0ANA")
    desk.slack.views.append(form)
    open_part(desk, "section/impact", user=BEN)
    desk.submit({"text": "Ben's words"}, user=BEN)
    desk.slack.views.append(form)
    assert desk.submit({"text": "Ana's words"}, view_id="V0ANA").errors == {}
    assert desk.incident.answers.impact == "Ben's words"
    assert len(desk.context.edits.history(INCIDENT, limit=9)) == 2


def test_a_form_sent_again_with_other_words_after_a_kill_is_another_change(desk: Desk) -> None:
    open_part(desk, "section/impact")
    form = desk.slack.views[-1]
    desk.submit({"text": "first words"}, view_id="V0ANA")  # and Slack never heard of it
    desk.slack.views.append(form)
    assert list(desk.submit({"text": "better words"}, view_id="V0ANA").errors) == ["text"]
    assert "first words" in texts(desk)
    assert desk.submit({}, view_id="V0ANA").errors == {}
    assert desk.incident.answers.impact == "better words"
