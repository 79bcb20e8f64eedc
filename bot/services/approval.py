"""Approvals of publications: nothing goes to GitHub before a named person approved exactly that text.

A person approves a text together with where it goes and who can read it there. If any of these changed
since they saw it, the approval doesn't count, and they are asked again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from bot.domain.command import COMMAND
from bot.domain.incident import CLOSED, Incident
from bot.domain.publication import Document, Target, TargetKind
from bot.domain.resources import ResourceKind, as_json, digest, resource_key
from bot.domain.state_change import StateChange
from bot.errors import RetryLater, UserError
from bot.ports import Clock, Durable, Repository
from bot.render.review import Place, ReviewSpec, ReviewState
from bot.services import sync
from bot.services.channel_guard import LookAt
from bot.services.compose import Composed, Composer
from bot.store import audit
from bot.store import incidents as incident_rows
from bot.store import publications as rows
from bot.store import resources as resource_rows
from bot.store.engine import Store, Tx

SUBJECT = 16
"""How many characters of a digest name its message."""
FRESH = 10.0
"""Seconds for which GitHub's answer about a repository counts while a report is published."""

CHANGED = (
    "The report, or where it goes, changed after you opened the form, so nothing was published. "
    "Review it again."
)
NOT_CLOSED = f"The incident is open. Its report is published after {COMMAND} close."
NOT_APPROVED = "Nobody has approved this text of the report yet, so it isn't on GitHub."
WIDER = (
    "{repository} was {before} when {name} approved the report and is {now} now, so nothing was written "
    f"there. Review the report again with {COMMAND} publish."
)
NOWHERE = "This report doesn't leave mayday's folder, so there is nothing to approve."
NEVER = "Credentials are never published."
NOT_REPLACED = "This is not replaced in the report any more. Close the form and open it again."
PUBLIC = "The incident is private and the repository is not, so the report isn't published there."
OWN = "This target isn't for private incidents, so the report isn't published there."
UNKNOWN = "GitHub didn't say who can read it."
WIDTH = {"private": 0, "internal": 1, "public": 2}

log = structlog.get_logger()

RepositoryOf = Callable[[str], Repository]
"""Asks GitHub about a repository."""


@dataclass(frozen=True, kw_only=True)
class Review:
    """What a person sees before they approve: the text, where it goes, and who can read it there."""

    incident: Incident
    composed: Composed
    places: tuple[Place, ...]

    @property
    def token(self) -> str:
        """A short fingerprint of the text, its targets and their visibility."""
        return digest([self.composed.digest, as_json(self.places)])[:SUBJECT]

    @property
    def can_be_approved(self) -> bool:
        """Whether the text may go to at least one place outside, and every visibility is known."""
        open_places = [place for place in self.places if not place.refusal]
        return bool(open_places) and all(place.visibility for place in open_places)


class Approvals:
    """Reviews and approvals of publications."""

    def __init__(
        self,
        store: Store,
        durable: Durable,
        composer: Composer,
        now: Clock,
        repository: RepositoryOf,
        look: LookAt,
        publish: Callable[[Tx, str, str], None],
    ) -> None:
        self._store = store
        self._durable = durable
        self._composer = composer
        self._now = now
        self._repository = repository
        self._look = look
        self._publish = publish
        self._said: dict[str, tuple[float, Repository]] = {}

    # --- what a person sees and does --------------------------------------------------------------

    def review(self, incident_id: str) -> Review:
        """Return what would be published now, with what GitHub says now about its targets.

        Raises:
            UserError: nothing leaves mayday's folder, or the incident is not closed.
        """
        composed = self._composer.composed(incident_id)
        if not composed.digest:
            raise UserError(NOWHERE)
        found = self._look(incident_id)
        if found.incident.status != CLOSED:
            raise UserError(NOT_CLOSED)
        return Review(
            incident=found.incident,
            composed=composed,
            places=self._places(composed, is_public=found.is_public),
        )

    def approve(self, change: StateChange, token: str) -> None:
        """Approve what the person saw, and publish it. The same act again changes nothing.

        Raises:
            UserError: the text, its targets or their visibility changed since.
        """
        with self._store.read() as tx:
            if rows.is_done(tx, change.incident_id, change.idempotency_key):
                return
        review = self.review(change.incident_id)
        if review.token != token or not review.can_be_approved:
            self.ask(review.composed)
            raise UserError(CHANGED, code="changed")
        with self._store.write() as tx:
            self.record(tx, change, review.composed.digest, review.places)

    def record(
        self, tx: Tx, change: StateChange, text_digest: str, places: tuple[Place, ...]
    ) -> None:
        """Store that a person approved this text for these places, and publish it after the commit."""
        incident_rows.get(tx, change.incident_id, lock=True)
        shown = {"places": as_json(places)}
        is_new = rows.approve(
            tx,
            change.incident_id,
            text_digest,
            by=change.by,
            at=self._now(),
            shown=shown,
            source=change.idempotency_key,
        )
        if is_new:
            audit.add(tx, change.line("report.approved", after={"digest": text_digest, **shown}))
            self._show(tx, change.incident_id, text_digest, by=change.by, places=places)
            key = f"approved/{change.idempotency_key}"
            self._publish(tx, change.incident_id, key)
            sync.enqueue(self._durable, tx, change.incident_id, key)

    def keep(self, change: StateChange, key: str, *, is_kept: bool) -> None:
        """Publish an original after all, or replace it again. Credentials are always replaced.

        Raises:
            UserError: it is a credential, or nothing has this key.
        """
        with self._store.write() as tx:
            before = rows.replacements(tx, change.incident_id).get(key)
            if before is None:
                raise UserError(NOT_REPLACED)
            if before.kind.is_certain_secret:
                raise UserError(NEVER)
            if rows.keep(
                tx, change.incident_id, key, by=change.by if is_kept else "", at=self._now()
            ):
                act = "report.shown" if is_kept else "report.replaced"
                audit.add(tx, change.line(act, target=key, after={"shown_as": before.shown}))

    # --- what publishing asks ---------------------------------------------------------------------

    def is_approved(self, composed: Composed) -> bool:
        """Whether a person approved this text, or nothing of it leaves mayday's folder."""
        if not composed.digest:
            return True
        with self._store.read() as tx:
            found = rows.approval(tx, composed.publication.incident_id, composed.digest)
        return found is not None

    def require(self, incident_id: str, document: Document) -> None:
        """Return if this text may be written to its target now.

        Raises:
            UserError: nobody approved it, or more people can read it there than the person saw.
        """
        with self._store.read() as tx:
            found = rows.approval(tx, incident_id, document.digest)
        if found is None:
            raise UserError(NOT_APPROVED, code="not_approved")
        by, shown = found
        repository = document.target.repository
        before = _visibility(shown, document.target.kind, repository)
        now = self._lately(repository).visibility
        if before is None or WIDTH[now] > WIDTH.get(before, -1):
            raise UserError(
                WIDER.format(
                    repository=repository, before=before or "no target", name=f"<@{by}>", now=now
                ),
                code="not_approved",
            )

    def ask(self, composed: Composed) -> bool:
        """Ask people in the channel to review this text; return whether it waits for that.

        Where the text may go to none of its targets as far as is known, nobody is asked.
        """
        incident_id = composed.publication.incident_id
        try:
            is_public = self._look(incident_id).is_public
        except (UserError, RetryLater) as exc:
            log.warning("approval.not_looked", incident=incident_id, error=str(exc))
            is_public = False
        places = self._places(composed, is_public=is_public)
        if places and all(place.refusal for place in places):
            return False
        with self._store.write() as tx:
            incident_rows.get(tx, incident_id, lock=True)
            if rows.approval(tx, incident_id, composed.digest) is not None:
                return False  # somebody has approved it meanwhile
            self._show(tx, incident_id, composed.digest, by="", places=places)
            sync.enqueue(self._durable, tx, incident_id, f"review/{self._now().isoformat()}")
        return True

    def _show(
        self, tx: Tx, incident_id: str, text_digest: str, *, by: str, places: tuple[Place, ...]
    ) -> None:
        """Have the channel show the state of this text's review, and that others are outdated."""
        subject = text_digest[:SUBJECT]
        state = ReviewState.APPROVED if by else ReviewState.WAITING
        spec = as_json(ReviewSpec(incident_id=incident_id, state=state, by=by, places=places))
        outdate(tx, incident_id, but=subject)
        if not resource_rows.add(
            tx, incident_id, ResourceKind.REVIEW, subject, spec=spec, now=self._now()
        ):
            key = resource_key(incident_id, ResourceKind.REVIEW, subject)
            resource_rows.change(tx, key, spec=spec)

    def _places(self, composed: Composed, *, is_public: bool) -> tuple[Place, ...]:
        found: dict[tuple[str, str], Place] = {}
        for document in composed.publication.documents:
            kind = document.target.kind
            if kind is TargetKind.FOLDER:
                continue
            name = document.target.repository
            if (kind, name.casefold()) not in found:
                place = self._place(document.target, is_public=is_public)
                found[kind, name.casefold()] = place
        return tuple(found.values())

    def _place(self, target: Target, *, is_public: bool) -> Place:
        kind, name = target.kind.value, target.repository
        try:
            repository = self._repository(name)
        except (UserError, RetryLater) as exc:
            problem = str(exc) or UNKNOWN
            return Place(kind=kind, repository=name, visibility="", problem=problem)
        refusal = ""
        if not is_public:
            refusal = PUBLIC if not repository.is_private else "" if target.is_private else OWN
        return Place(kind=kind, repository=name, visibility=repository.visibility, refusal=refusal)

    def _lately(self, name: str) -> Repository:
        """What GitHub says of a repository, asked within the last seconds."""
        at, known = self._said.get(name, (0.0, None))
        if known is None or time.monotonic() - at > FRESH:
            known = self._repository(name)
            self._said[name] = (time.monotonic(), known)
        return known


def outdate(tx: Tx, incident_id: str, *, but: str = "") -> None:
    """Have the requests for a review say that they are outdated; ``but`` is the subject of one that isn't."""
    for row in resource_rows.of_incident(tx, incident_id).values():
        is_other = row.kind is ResourceKind.REVIEW and row.subject != but
        if is_other and row.spec.get("state") == ReviewState.WAITING:
            outdated = {**row.spec, "state": ReviewState.OUTDATED.value}
            resource_rows.change(tx, row.key, spec=outdated)


def _visibility(shown: Mapping[str, Any], kind: TargetKind, repository: str) -> str | None:
    """Who could read a repository as the person saw it; None if they did not see that it goes there."""
    for place in shown.get("places", ()):
        if (place["kind"], place["repository"].casefold()) == (kind.value, repository.casefold()):
            return str(place["visibility"])
    return None
