"""Where a published text and the report have both changed, a person decides what is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.merging import Conflict, Draft, merge_drafts
from bot.domain.resources import ResourceKind, ResourceState
from bot.errors import UserError
from bot.render.conflicts import Decision, conflict_post
from bot.services.audit import Audit
from bot.services.conflicts import Conflicts
from bot.services.documents import Documents, Text
from bot.services.guard import Guards
from bot.services.people import People
from bot.services.report import Reports
from bot.store import resources as resource_rows
from bot.store.documents import DocumentRow, Seen
from bot.store.engine import Store
from tests.support.rows import NOW, NoWork, act, settings, stored

INCIDENT = "abc123abc123"
KEY = f"{INCIDENT}/publish/incident"
MARK = "<!-- mayday:incident=abc123abc123 -->"
BASE = f"# Outage\n\nIt fell.\n\nIt rose.\n\n{MARK}\n"
OURS = BASE.replace("It fell.", "It fell twice.")
THEIRS = BASE.replace("It fell.", "It was shot.").replace("It rose.", "It rose again.")
TOKEN = "ghp_" + "aB3dE5fG7hJ9kL1mN2pQ4rS6tU8vW0xYzAbC"


class Office:
    """One text that mayday published and a person changed there."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.work = NoWork()
        self.there = BASE
        chosen = settings()
        people = People(store, None, lambda: NOW)  # type: ignore[arg-type]
        reports, guards = Reports(store, people, chosen), Guards(store, chosen)
        self.conflicts = Conflicts(store, self.work, reports, guards)
        self.documents = Documents(store, lambda: NOW)
        self.documents.create(self.text(BASE), lambda: None)
        with store.write() as tx:
            resource_rows.add(tx, INCIDENT, ResourceKind.REPORT_ISSUE, spec={}, now=NOW)

    def text(self, ours: str) -> Text:
        draft = Draft(title="Outage", parts=(ours,))
        return Text(incident_id=INCIDENT, key=KEY, draft=draft, place="practice/incidents#1")

    def publish(self, ours: str) -> bool:
        """Publish the report's text as a target does; return whether both sides had changed."""
        seen = Seen(draft=Draft(title="Outage", parts=(self.there,)))
        try:
            merged = self.documents.next(self.text(ours), seen)
        except UserError as exc:
            assert exc.code == "conflict"
            return True
        if merged is not None:
            self.there = merged.parts[0]
            self.documents.sent(INCIDENT, KEY)
        return False

    def asked(self) -> list[tuple[str, str]]:
        """The subject and the state of each question in the channel."""
        with self.store.read() as tx:
            found = resource_rows.of_incident(tx, INCIDENT).values()
        assert all(conflict_post(r.spec).text for r in found if r.kind is ResourceKind.CONFLICT)
        return [(r.subject, r.spec["state"]) for r in found if r.kind is ResourceKind.CONFLICT]


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    store = Store(f"sqlite:///{tmp_path / 'rows.db'}")
    store.migrate()
    stored(store)
    made = Office(store)
    made.there = THEIRS
    assert made.publish(OURS)
    yield made
    store.close()


def test_the_channel_is_asked_with_both_texts_and_nothing_is_written(office: Office) -> None:
    assert office.there == THEIRS
    assert office.publish(OURS)
    [(subject, state)] = office.asked()
    assert state == "open"
    with office.store.read() as tx:
        row = resource_rows.find(tx, INCIDENT, ResourceKind.CONFLICT, subject)
    assert row is not None
    post = conflict_post(row.spec)
    shown = str(post.blocks)
    assert "It fell twice." in shown and "It was shot." in shown and "practice/incidents#1" in shown
    assert all(name in shown for name in ("conflict.ours", "conflict.theirs", "conflict.write"))


@pytest.mark.parametrize(
    "how, line", [(Decision.OURS, "It fell twice."), (Decision.THEIRS, "It was shot.")]
)
def test_one_of_both_texts_is_kept_and_the_rest_is_merged(
    office: Office, how: Decision, line: str
) -> None:
    [(subject, _)] = office.asked()
    office.conflicts.decide(act(), subject, how)
    assert [key for key in office.work.keys if key.startswith("publish/")]
    assert not office.publish(OURS.replace("# Outage", "# The outage"))
    for kept in ("# The outage", line, "It rose again.", MARK):
        assert kept in office.there
    assert ("It fell twice." in office.there) is (how is Decision.OURS)
    assert office.asked() == [(subject, how.value)]
    assert not office.publish(OURS.replace("# Outage", "# An outage"))
    assert "# An outage" in office.there and line in office.there


def test_what_a_person_writes_is_guarded_and_mentions_nobody(office: Office) -> None:
    [(subject, _)] = office.asked()
    said = f"It fell, says @ana of zhang@example.edu with {TOKEN}. <!-- mayday:incident=x -->"
    replaced = office.conflicts.decide(act(), subject, Decision.WRITTEN, [said])
    assert {one.shown for one in replaced} == {"email-1", "secret-1"}
    assert not office.publish(OURS)
    assert "email-1 with secret-1" in office.there and "It rose again." in office.there
    for gone in ("@ana", TOKEN, "zhang", "<!-- mayday:incident=x"):
        assert gone not in office.there
    assert MARK in office.there


@pytest.mark.parametrize("is_before", [True, False])
def test_a_decision_does_not_count_once_the_text_has_changed_again(
    office: Office, is_before: bool
) -> None:
    [(subject, _)] = office.asked()
    if not is_before:
        office.conflicts.decide(act(), subject, Decision.OURS)
    office.there = office.there.replace("It was shot.", "It was shot by Ben.")
    assert office.publish(OURS)
    assert "It was shot by Ben." in office.there
    states = dict(office.asked())
    assert states.pop(subject) == ("outdated" if is_before else "ours")
    assert list(states.values()) == ["open"]
    with pytest.raises(UserError, match="changed since"):
        office.conflicts.decide(act(), subject, Decision.THEIRS)


def test_the_first_of_two_people_decides_and_the_same_act_counts_once(office: Office) -> None:
    [(subject, _)] = office.asked()
    first = act(by="U0ANA")
    office.conflicts.decide(first, subject, Decision.THEIRS)
    office.conflicts.decide(first, subject, Decision.THEIRS)
    with pytest.raises(UserError, match="changed since"):
        office.conflicts.decide(act(), subject, Decision.OURS)
    lines = [one.line for one in Audit(office.store).latest(limit=9)]
    assert [(x.actor, x.after["kept"]) for x in lines if x.act == "report.merged"] == [
        ("U0ANA", "theirs")
    ]


def test_what_waited_for_the_decision_is_attempted_again(office: Office) -> None:
    with office.store.write() as tx:
        later = NOW.replace(year=NOW.year + 1)
        resource_rows.change(tx, KEY, state=ResourceState.FAILED.value, retry_at=later)
    [(subject, _)] = office.asked()
    office.conflicts.decide(act(), subject, Decision.OURS)
    with office.store.read() as tx:
        row = resource_rows.get(tx, KEY)
    assert row is not None and row.retry_at is None


def test_a_question_is_outdated_once_both_texts_are_the_same(office: Office) -> None:
    office.there = office.there.replace("It was shot.", "It fell twice.")
    assert not office.publish(OURS)
    assert [state for _, state in office.asked()] == ["outdated"]


def test_a_decision_counts_for_one_conflict_only_once(office: Office) -> None:
    [(subject, _)] = office.asked()
    office.conflicts.decide(act(), subject, Decision.OURS)
    assert not office.publish(OURS)
    assert not office.publish(BASE)
    office.there = office.there.replace("It fell.", "It was shot.")
    assert office.publish(OURS)
    assert "It was shot." in office.there
    assert sorted(state for _, state in office.asked()) == ["open", "ours"]


def test_a_decision_that_comes_during_an_attempt_is_not_asked_for_again(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    [(subject, _)] = office.asked()
    read = office.documents.read

    def decided_after(incident_id: str, key: str, there: Seen) -> DocumentRow:
        row = read(incident_id, key, there)
        office.conflicts.decide(act(), subject, Decision.OURS)
        return row

    monkeypatch.setattr(office.documents, "read", decided_after)
    assert office.publish(OURS)
    monkeypatch.undo()
    assert office.asked() == [(subject, "ours")]
    assert not office.publish(OURS)
    assert "It fell twice." in office.there


def test_without_a_record_of_what_was_written_a_person_decides_about_the_whole() -> None:
    ours, theirs = Draft(title="A", parts=(OURS,)), Draft(title="B", parts=(THEIRS,))
    found = merge_drafts(None, ours, theirs).conflicts
    title, text = Conflict(ours="A", theirs="B"), Conflict(ours=OURS, theirs=THEIRS)
    assert found == (title, text)
    decided = {title.key: "B", text.key: THEIRS.replace(f"{MARK}\n", "")}
    merged = merge_drafts(None, ours, theirs, decided)
    assert merged.conflicts == ()
    assert merged.draft.title == "B"
    assert "It was shot." in merged.draft.parts[0] and MARK in merged.draft.parts[0]
    partly = merge_drafts(None, ours, replace(theirs, title="A"), {})
    assert partly.conflicts == (text,)
