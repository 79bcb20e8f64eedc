"""An edit of an approved report publishes itself if its person may publish, and waits for a review if not."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import MappingProxyType

import pytest

from bot.domain.access import Act, Group, Rules
from bot.domain.publication import Target, TargetKind
from bot.domain.timeline import EntryKind
from bot.render import edit_notice
from bot.render import edit_pages as pages
from bot.render import items as words
from bot.services.audit import Audit
from bot.services.compose import Composed
from bot.store import engine, people, publications
from bot.store import incidents as rows
from bot.store import timeline as timeline_rows
from bot.store.engine import Store, Tx
from tests.support.desk import ANA, BEN, Desk
from tests.support.editing import INCIDENT, add_item, open_part, texts, undo_value
from tests.support.rows import NOW, TEAM, incident, message, stored

OUTSIDE = Target(kind=TargetKind.ISSUE, repository="practice/incidents", form="plain")
PLACES = ({"kind": "issue", "repository": "practice/incidents", "visibility": "internal"},)
RULES = Rules(restricted=MappingProxyType({Act.PUBLISH: frozenset({Group.ROLE_HOLDER})}))


def desk_of(store: Store, *, rules: Rules = RULES) -> Desk:
    return Desk(store, targets=(Target(kind=TargetKind.FOLDER), OUTSIDE), rules=rules)


def office(store: Store, *, rules: Rules = RULES, approve: bool = True) -> Desk:
    """A closed incident with two notes and an action item. Ana commands, so she may publish; Ben may not."""
    desk = desk_of(store, rules=rules)
    desk.command("note at 15:10 it fell")
    desk.command("note at 15:10 it rose")
    add_item(desk)
    with store.write() as tx:
        over = {"status": "closed", "resolved_at": NOW, "closed_at": NOW}
        rows.save(tx, incident(roles=MappingProxyType({"commander": ANA}), **over))
        for user in (ANA, BEN):
            profile = desk.slack.profile(user)
            people.remember(tx, profile, team_id=TEAM, now=desk.now())
    if approve:
        approved(desk)
    return desk


def approved(desk: Desk) -> None:
    """Somebody has approved the text as the workflow composes it."""
    digest = desk.composer.composed(INCIDENT).digest
    with desk.store.write() as tx:
        publications.approve(
            tx,
            INCIDENT,
            digest,
            by="U0REVIEWER",
            at=NOW,
            shown={"places": list(PLACES)},
            source="the review",
        )


def approval(desk: Desk) -> str:
    """Who approved the text as the workflow composes it now; empty for nobody."""
    digest = desk.composer.composed(INCIDENT).digest
    with desk.store.read() as tx:
        found = publications.approval(tx, INCIDENT, digest)
    assert found is None or list(found[1]["places"]) == list(PLACES)
    return found[0] if found else ""


def notes(desk: Desk) -> tuple[int, int]:
    one, other = (note.id for note in desk.of_kind(EntryKind.NOTE))
    return one, other


def section(desk: Desk, user: str) -> None:
    open_part(desk, "section/conclusion", user=user)
    desk.submit({"text": "The node was too small."}, user=user)


def undone(desk: Desk, user: str) -> None:
    section(desk, user)
    desk.press_in(pages.ACTION_UNDO, undo_value(desk), user=user)
    section(desk, user)


def item(desk: Desk, user: str) -> None:
    (found,) = desk.context.edits.items(INCIDENT)
    open_part(desk, f"item/{found.id}", user=user)
    desk.submit({"title": "Alert on lost routes"}, user=user)


def times(desk: Desk, user: str) -> None:
    desk.command("time impact 15:02", user=user)


def times_form(desk: Desk, user: str) -> None:
    desk.command("time", user=user)
    desk.submit({"impact": "15:02"}, user=user)


def entry(desk: Desk, user: str) -> None:
    desk.command("edit", user=user)
    desk.press_in(pages.ACTION_ENTRY, f"edit:{notes(desk)[0]}", user=user)
    desk.submit({"text": "it was evicted"}, user=user)


def moved(desk: Desk, user: str) -> None:
    one, other = notes(desk)
    desk.command("edit", user=user)
    desk.press_in(pages.ACTION_ENTRY, f"down:{one}:{other}", user=user)


def removed(desk: Desk, user: str) -> None:
    desk.command("edit", user=user)
    desk.press_in(pages.ACTION_ENTRY, f"remove:{notes(desk)[0]}", user=user)


def annotated(desk: Desk, user: str) -> None:
    desk.command("edit", user=user)
    desk.press_in(pages.ACTION_ENTRY, f"annotate:{notes(desk)[0]}", user=user)
    desk.submit({"text": "as the log shows"}, user=user)


def noted(desk: Desk, user: str) -> None:
    desk.command("note at 15:12 it was restarted", user=user)


def item_added(desk: Desk, user: str) -> None:
    desk.command("action Write it down", user=user)


def item_done(desk: Desk, user: str) -> None:
    (found,) = desk.context.edits.items(INCIDENT)
    desk.press(words.ACTION_MENU, words.value("done", "all", INCIDENT, found.id), user=user)


def item_form(desk: Desk, user: str) -> None:
    (found,) = desk.context.edits.items(INCIDENT)
    desk.press(words.ACTION_EDIT, words.value("edit", "", INCIDENT, found.id), user=user)
    desk.submit({"title": "Alert on lost routes"}, user=user)


EDITS = [
    section,
    undone,
    item,
    item_form,
    item_added,
    item_done,
    noted,
    times,
    times_form,
    entry,
    moved,
    removed,
    annotated,
]


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_of_an_approved_report_is_approved_by_its_person(
    rows: Store, edit: Callable[[Desk, str], None]
) -> None:
    desk = office(rows)
    before = desk.composer.composed(INCIDENT).digest
    edit(desk, ANA)
    assert desk.composer.composed(INCIDENT).digest != before
    assert approval(desk) == ANA
    line = next(
        one.line for one in Audit(rows).latest(limit=9) if one.line.act == "report.approved"
    )
    assert (line.actor, line.after["places"]) == (ANA, list(PLACES))


@pytest.mark.parametrize("edit", EDITS)
def test_who_may_not_publish_publishes_nothing_by_editing(
    rows: Store, edit: Callable[[Desk, str], None]
) -> None:
    desk = office(rows)
    before = desk.composer.composed(INCIDENT).digest
    edit(desk, BEN)
    assert desk.composer.composed(INCIDENT).digest != before
    assert approval(desk) == ""
    assert any(key.startswith("publish/") for key in desk.work.keys)


def test_an_edit_of_a_text_that_nobody_approved_waits_for_a_review(rows: Store) -> None:
    desk = office(rows, approve=False)
    section(desk, ANA)
    assert approval(desk) == ""
    assert edit_notice.WAITS in texts(desk)


def test_what_was_added_since_the_approval_is_not_approved_by_an_edit(rows: Store) -> None:
    desk = office(rows)
    desk.command("note at 15:11 and something else", user=BEN)
    section(desk, ANA)
    assert approval(desk) == ""


def written(store: Store, change: Callable[[Tx], None]) -> None:
    with store.write() as tx:
        change(tx)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_edits_that_are_approved_at_once_wait_for_no_connection_of_each_other(
    store: Store, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each reads what others see beside its own transaction. With a pool of one connection each, an edit
    that took both from the same pool would never end."""
    stored(store)
    office(store)
    monkeypatch.setattr(engine, "POOL_SIZE", 1)
    monkeypatch.setattr(engine, "POOL_OVERFLOW", 0)
    small = Store(database_url)
    desk = desk_of(small)
    with ThreadPoolExecutor(4) as threads:
        for done in [threads.submit(desk.command, f"note at 15:{n} it fell") for n in (11, 12, 13)]:
            done.result(timeout=20)
    small.close()
    assert approval(desk_of(store)) == ANA


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("number", [1, 2])
def test_what_slips_in_during_an_edit_is_not_approved_by_it(
    store: Store, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """On PostgreSQL, the edit of a message can be committed between the statements of the transaction."""
    stored(store)
    desk = office(store, approve=False)
    said = message("1487895900.000100", text="it is slow", author=ANA)
    desk.context.record.file_message(said, by=ANA)
    approved(desk)
    compose, calls = desk.composer.stored, []
    meanwhile = replace(said, text="my grade")

    def beside(change: Callable[[Tx], None]) -> None:
        with ThreadPoolExecutor(1) as threads:
            threads.submit(written, store, change).result()

    def composed(tx: Tx, incident_id: str, *, is_read_only: bool = False) -> Composed:
        calls.append(incident_id)
        if len(calls) == number:
            beside(lambda tx: timeline_rows.change_message(tx, meanwhile, event_ts=""))
        return compose(tx, incident_id, is_read_only=is_read_only)

    monkeypatch.setattr(desk.composer, "stored", composed)
    removed(desk, ANA)
    assert len(calls) >= number
    assert "my grade" in str(desk.composer.composed(INCIDENT).publication)
    assert approval(desk) == ""


def test_an_item_that_goes_to_another_repository_is_reviewed(rows: Store) -> None:
    desk = office(rows)
    (found,) = desk.context.edits.items(INCIDENT)
    open_part(desk, f"item/{found.id}")
    desk.submit({"repository": "practice/other"})
    assert approval(desk) == ""
    assert edit_notice.WAITS in texts(desk)


def test_what_the_guard_replaces_in_an_edit_is_listed_in_its_answer(rows: Store) -> None:
    desk = office(rows)
    open_part(desk, "section/conclusion")
    desk.submit({"text": "zhang@example.edu asked, from 10.1.2.3."})
    assert approval(desk) == ANA
    assert "replaces `zhang@example.edu`" in texts(desk)
    assert "`address-1` replaces `10.1.2.3`" in texts(desk)
    assert "10.1.2.3" not in str(desk.composer.composed(INCIDENT).publication)
    open_part(desk, "section/conclusion")
    desk.submit({"text": "zhang@example.edu asked, from 10.1.2.3 again."})
    assert "`address-1` replaces" not in texts(desk)


def test_the_form_says_who_can_read_the_report_and_what_saving_does(rows: Store) -> None:
    desk = office(rows)
    open_part(desk, "section/conclusion")
    assert edit_notice.AT_ONCE in texts(desk)
    assert "practice/incidents" in texts(desk)
    assert "*internal*" in texts(desk)
    open_part(desk, "section/conclusion", user=BEN)
    assert edit_notice.AFTER_A_REVIEW in texts(desk)
    assert edit_notice.NOT_ALLOWED in texts(desk)
    desk.command("note at 15:11 and something else", user=BEN)
    open_part(desk, "section/conclusion")
    assert edit_notice.NOT_APPROVED in texts(desk)


def test_saving_without_a_change_says_nothing_of_publishing(rows: Store) -> None:
    desk = office(rows)
    open_part(desk, "section/conclusion")
    desk.submit()
    assert edit_notice.WAITS not in texts(desk)
    assert approval(desk) == "U0REVIEWER"


def test_the_same_edit_again_approves_once(rows: Store) -> None:
    desk = office(rows)
    section(desk, ANA)
    open_part(desk, "section/conclusion", user=BEN)
    desk.submit({"text": "Something else."}, user=BEN)
    assert approval(desk) == ""


def test_an_open_incident_has_nothing_to_approve(rows: Store) -> None:
    desk = Desk(rows, targets=(OUTSIDE,))
    section(desk, ANA)
    assert approval(desk) == ""
