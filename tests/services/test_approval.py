"""Nothing goes to GitHub before a person approved exactly that text, for readers that they saw."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.domain.audit import AuditOutcome
from bot.domain.incident import Incident
from bot.domain.publication import Target, TargetKind
from bot.domain.resources import ResourceKind
from bot.domain.state_change import StateChange
from bot.errors import RetryLater, UserError
from bot.ports import Profile, Repository
from bot.render import review
from bot.render.review import review_form, review_post
from bot.services.approval import Approvals
from bot.services.audit import Audit
from bot.services.channel_guard import Look
from bot.services.compose import Composer
from bot.services.guard import Guards
from bot.services.people import People
from bot.services.report import Reports
from bot.services.settings import Filing
from bot.store import incidents as incident_rows
from bot.store import resources as resource_rows
from bot.store import sightings
from bot.store.engine import Store
from tests.support.evening import INCIDENT, ITEMS, note
from tests.support.rows import settings

NOW = datetime(2017, 2, 24, 7, 0, tzinfo=UTC)
TOKEN = "ghp_" + "aB3dE5fG7hJ9kL1mN2pQ4rS6tU8vW0xYzAbC"
OUTSIDE = Target(kind=TargetKind.ISSUE, repository="practice/incidents", is_private=True)


class Nobody:
    """A Slack that knows no names."""

    def profile(self, user: str) -> Profile:
        raise UserError("Slack knows nobody of that name.")


@dataclass
class Desk:
    """A closed incident with a name and a token in its notes, and a repository as GitHub says it is."""

    store: Store
    said: Repository | Exception = field(
        default_factory=lambda: Repository(name="practice/incidents", url="", is_private=False)
    )
    is_public: bool = True
    incident: Incident | Exception = INCIDENT
    published: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        chat: Any = Nobody()
        reports = Reports(self.store, People(self.store, chat, lambda: NOW), settings())
        targets = [Target(kind=TargetKind.FOLDER), OUTSIDE]
        guards = Guards(self.store, settings())
        forms = settings().forms
        self.composer = Composer(self.store, reports, Filing(), targets, guards, forms)
        self.approvals = Approvals(
            self.store,
            self,
            self.composer,
            lambda: NOW,
            repository=self.repository,
            look=lambda _id: self.look(),
            publish=lambda _tx, incident_id, _key: self.published.append(incident_id),
        )

    def look(self) -> Look:
        if isinstance(self.incident, Exception):
            raise self.incident
        return Look(incident=self.incident, is_public=self.is_public)

    def repository(self, _name: str) -> Repository:
        if isinstance(self.said, Exception):
            raise self.said
        return self.said

    def enqueue(
        self, tx: Any, workflow: str, *, key: str, partition_key: str, args: Sequence[Any]
    ) -> None:
        """Sync is not what is tested."""

    def step(self, name: str, fn: Any, *args: Any) -> Any:
        return fn(*args)

    def note(self, clock: str, text: str) -> None:
        note(self.store, clock, text, now=NOW)

    def approve(self, token: str, key: str = "press") -> None:
        self.approvals.approve(act(key), token)

    def require(self) -> None:
        document = self.composer.compose(INCIDENT.id).documents[1]
        self.approvals.require(INCIDENT.id, document)

    def states(self) -> list[str]:
        with self.store.read() as tx:
            found = resource_rows.of_incident(tx, INCIDENT.id).values()
        return [str(row.spec["state"]) for row in found if row.kind is ResourceKind.REVIEW]


def act(key: str) -> StateChange:
    return StateChange(incident_id=INCIDENT.id, by="UADA", idempotency_key=key)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    store = Store(f"sqlite:///{tmp_path / 'mayday.db'}")
    store.migrate()
    with store.write() as tx:
        incident_rows.add(tx, INCIDENT)
        for item in ITEMS:
            incident_rows.add_item(tx, replace(item, source=item.id, position=0))
        sightings.put(tx, "datahub", ("zhang_wei", ""), "pending", NOW, NOW)
    made = Desk(store)
    made.note("21:10:57", f"jupyter-zhang-5fwei is pending; zhang_wei used {TOKEN} at 10.0.0.7")
    yield made
    store.close()


def test_nothing_may_be_written_before_somebody_approved(desk: Desk) -> None:
    with pytest.raises(UserError, match="Nobody has approved"):
        desk.require()
    desk.approve(desk.approvals.review(INCIDENT.id).token)
    desk.require()
    assert desk.published == [INCIDENT.id]
    acts = [each.line for each in Audit(desk.store).latest(limit=9)]
    assert [line.act for line in acts if line.outcome is AuditOutcome.DONE] == ["report.approved"]
    assert acts[0].after["places"][0]["visibility"] == "public"


def test_a_changed_text_needs_another_approval(desk: Desk) -> None:
    token = desk.approvals.review(INCIDENT.id).token
    desk.note("21:20:00", "Most are back.")
    with pytest.raises(UserError, match="changed after you opened"):
        desk.approve(token)
    assert not desk.published
    assert desk.states() == ["waiting"]
    desk.approve(desk.approvals.review(INCIDENT.id).token)
    desk.note("21:30:00", "All are back.")
    with pytest.raises(UserError, match="Nobody has approved"):
        desk.require()


@pytest.mark.parametrize("before", ["private", "internal"])
def test_a_repository_that_more_people_read_than_the_person_saw_gets_nothing(
    desk: Desk, before: str
) -> None:
    public = desk.said
    assert isinstance(public, Repository)
    seen = replace(public, is_private=before == "private", is_internal=before == "internal")
    desk.said = seen
    token = desk.approvals.review(INCIDENT.id).token
    desk.said = public
    with pytest.raises(UserError, match="changed after you opened"):
        desk.approve(token)
    desk.said = seen
    desk.approve(token)
    desk.said = public
    desk.__post_init__()
    with pytest.raises(UserError, match=f"was {before} when"):
        desk.require()


def test_what_publishing_files_needs_no_other_approval(desk: Desk) -> None:
    before = desk.composer.composed(INCIDENT.id)
    with desk.store.write() as tx:
        for number, item in enumerate(ITEMS):
            url = f"https://github.com/practice/incidents/issues/{number + 2}"
            incident_rows.change_item(tx, item.id, issue_url=url)
        kind, now = ResourceKind.REPORT_ISSUE, NOW
        resource_rows.add(tx, INCIDENT.id, kind, spec={}, now=now)
        url = "https://github.com/practice/incidents/issues/1"
        key = f"{INCIDENT.id}/publish/incident"
        resource_rows.change(tx, key, ref={"url": url, "number": 1})
    after = desk.composer.composed(INCIDENT.id)
    assert after.digest == before.digest
    assert "issues/2" in after.publication.documents[1].text
    assert "issues/1" in after.publication.items[0].text


def test_the_same_press_again_approves_once(desk: Desk) -> None:
    token = desk.approvals.review(INCIDENT.id).token
    desk.approve(token)
    desk.note("21:20:00", "Most are back.")
    desk.approve(token)
    assert desk.published == [INCIDENT.id]


def test_a_request_for_a_review_becomes_its_result(desk: Desk) -> None:
    assert desk.approvals.ask(desk.composer.composed(INCIDENT.id))
    assert desk.states() == ["waiting"]
    desk.note("21:20:00", "Most are back.")
    assert desk.approvals.ask(desk.composer.composed(INCIDENT.id))
    assert sorted(desk.states()) == ["outdated", "waiting"]
    desk.approve(desk.approvals.review(INCIDENT.id).token)
    assert sorted(desk.states()) == ["approved", "outdated"]


def test_an_approval_is_not_asked_for_again(desk: Desk) -> None:
    """A publication that began before the approval may ask after it."""
    before = desk.composer.composed(INCIDENT.id)
    desk.approve(desk.approvals.review(INCIDENT.id).token)
    assert not desk.approvals.ask(before)
    assert desk.states() == ["approved"]


def test_a_private_incident_goes_to_private_repositories_only(desk: Desk) -> None:
    desk.is_public = False
    public = desk.said
    assert isinstance(public, Repository)
    for said in (public, replace(public, is_internal=True)):
        desk.said = said
        review = desk.approvals.review(INCIDENT.id)
        assert not review.can_be_approved
        assert not desk.approvals.ask(review.composed)
        with pytest.raises(UserError):
            desk.approve(review.token)
    desk.said = replace(public, is_private=True)
    desk.approve(desk.approvals.review(INCIDENT.id).token)
    desk.require()


@pytest.mark.parametrize("error", [RetryLater("GitHub is away."), UserError("No access.")])
def test_without_githubs_answer_nobody_can_approve(desk: Desk, error: Exception) -> None:
    desk.said = error
    review = desk.approvals.review(INCIDENT.id)
    assert not review.can_be_approved
    shown = form(desk)
    assert "Nobody knows who can read it" in str(shown["blocks"][0])
    assert "submit" not in shown


def form(desk: Desk, page: int = 0) -> dict[str, Any]:
    found = desk.approvals.review(INCIDENT.id)
    return review_form(
        INCIDENT.id,
        found.token,
        found.composed.publication,
        replaced=found.composed.replaced,
        places=found.places,
        can_be_approved=found.can_be_approved,
        page=page,
    )


def plain_texts(view: dict[str, Any]) -> list[str]:
    """The parts of the exact text that a page shows."""
    return [
        block["text"]["text"]
        for block in view["blocks"]
        if block["type"] == "section" and block["text"]["type"] == "plain_text"
    ]


def test_the_form_shows_the_whole_text_and_what_was_replaced(desk: Desk) -> None:
    for minute in range(40):
        desk.note(f"21:{minute:02}:30", f"entry {minute}: " + "words " * 100)
    view = form(desk)
    texts = plain_texts(view)
    documents = desk.composer.compose(INCIDENT.id).documents[1:]
    assert "".join(texts) == "".join(f"{each.title}\n\n{each.text}" for each in documents)
    assert max(map(len, texts)) <= 3000
    assert len(view["blocks"]) <= 100
    whole = str(view)
    assert TOKEN not in whole
    assert "`student-1` replaces `zhang_wei`" in whole
    assert "`secret-1` replaces a credential" in whole
    assert "everybody can read it" in whole


def test_a_long_text_is_approved_on_the_last_of_its_pages(desk: Desk) -> None:
    for minute in range(60):
        desk.note(f"21:{minute:02}:30", f"entry {minute}: " + "words " * 500)
    pages = [form(desk, 0)]
    while review.ACTION_NEXT in str(pages[-1]["blocks"][-1]):
        assert "submit" not in pages[-1]
        pages.append(form(desk, len(pages)))
    assert len(pages) > 1 and "submit" in pages[-1]
    documents = desk.composer.compose(INCIDENT.id).documents[1:]
    texts = [text for page in pages for text in plain_texts(page)]
    assert "".join(texts) == "".join(f"{each.title}\n\n{each.text}" for each in documents)
    assert all(len(page["blocks"]) <= 100 and len(str(page)) < 230_000 for page in pages)
    token = pages[-1]["private_metadata"].split("|")[1]
    desk.approve(token)
    desk.require()


def test_a_person_shows_a_name_and_never_a_credential(desk: Desk) -> None:
    composed = desk.composer.composed(INCIDENT.id)
    shown = {one.shown: one.key for one in composed.replaced}
    assert TOKEN not in str(composed)
    desk.approvals.keep(act("1"), shown["student-1"], is_kept=True)
    assert "zhang_wei used secret-1 at address-1" in unescaped(desk)
    with pytest.raises(UserError, match="never published"):
        desk.approvals.keep(act("2"), shown["secret-1"], is_kept=True)
    with pytest.raises(UserError, match="not replaced"):
        desk.approvals.keep(act("3"), "somebody", is_kept=True)
    assert desk.composer.composed(INCIDENT.id).digest != composed.digest
    desk.approvals.keep(act("4"), shown["student-1"], is_kept=False)
    assert desk.composer.composed(INCIDENT.id).digest == composed.digest
    acts = [each.line.act for each in Audit(desk.store).latest(limit=9)]
    assert sorted(acts) == ["report.replaced", "report.shown"]


def unescaped(desk: Desk) -> str:
    return desk.composer.compose(INCIDENT.id).documents[0].text.replace("\\", "")


def test_the_folder_has_no_names_either(desk: Desk) -> None:
    text = desk.composer.compose(INCIDENT.id).documents[0].text
    assert "jupyter-student-1 is pending" in text
    assert "zhang" not in text


def test_a_report_is_not_reviewed_while_its_incident_is_open(desk: Desk) -> None:
    desk.incident = replace(INCIDENT, status="fixing")
    with pytest.raises(UserError, match="The incident is open"):
        desk.approvals.review(INCIDENT.id)


def test_while_slack_does_not_say_who_reads_the_channel_nobody_is_asked(desk: Desk) -> None:
    desk.incident = RetryLater("Slack does not answer.")
    assert not desk.approvals.ask(desk.composer.composed(INCIDENT.id))
    assert desk.states() == []


def test_the_message_says_who_can_read_it(desk: Desk) -> None:
    desk.approvals.ask(desk.composer.composed(INCIDENT.id))
    with desk.store.read() as tx:
        (row,) = [
            row
            for row in resource_rows.of_incident(tx, INCIDENT.id).values()
            if row.kind is ResourceKind.REVIEW
        ]
    assert "*practice/incidents*: *public*" in review_post(row.spec).text
