"""Publishes the edits of a closed incident's report.

An edit of a text that somebody approved counts as the approval of the text after it, by the person who made
it, if they may publish. Any other edit waits for a review.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.incident import Incident
from bot.domain.state_change import StateChange
from bot.guard import Replaced
from bot.ports import Clock, Durable
from bot.render.review import Place
from bot.services.compose import Composed, Composer
from bot.services.edits import published
from bot.store import audit
from bot.store import publications as rows
from bot.store.engine import Store, Tx


@dataclass(frozen=True, kw_only=True)
class EditOutcome:
    """What an edit did: whether it approved its text, or that text waits for a review, and what the guard
    replaces that it didn't before."""

    is_approved: bool = False
    is_waiting: bool = False
    replaced: tuple[Replaced, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """What an edit by a person who may publish would do: whether the text is approved as it is now, and who
    could read its places at the last approval."""

    is_approved: bool
    places: tuple[Place, ...] = ()


class EditPublishing:
    """Approves edits of closed incidents' reports in their own transactions."""

    def __init__(self, store: Store, durable: Durable, composer: Composer, now: Clock) -> None:
        self._store = store
        self._durable = durable
        self._composer = composer
        self._now = now

    def edited(self, tx: Tx, change: StateChange, incident: Incident) -> None:
        """Follow an edit that this transaction has made: show it, approve it and publish it."""
        published(self._durable, tx, change, incident)
        if incident.closed_at is not None and change.may_publish:
            self._approve(tx, change)

    def outcome(self, change: StateChange) -> EditOutcome:
        """What an edit did."""
        with self._store.read() as tx:
            shown = rows.shown_by(tx, change.incident_id, change.idempotency_key)
            found = rows.replacements(tx, change.incident_id).values()
        if shown is None:
            return EditOutcome(is_waiting=not self.outlook(change.incident_id).is_approved)
        new = shown.get("replaced", ())
        return EditOutcome(
            is_approved=True, replaced=tuple(one for one in found if one.shown in new)
        )

    def outlook(self, incident_id: str) -> Outlook:
        """What an edit would do now."""
        with self._store.read() as tx:
            composed = self._composer.stored(tx, incident_id, is_read_only=True)
            found = rows.approval(tx, incident_id, composed.digest)
            shown = found[1] if found else rows.shown_by(tx, incident_id)
        places = tuple(Place(**place) for place in (shown or {}).get("places", ()))
        return Outlook(is_approved=bool(found), places=places)

    def _approve(self, tx: Tx, change: StateChange) -> None:
        incident_id = change.incident_id
        after = self._composer.stored(tx, incident_id)
        # Other connections don't see this edit yet. What others committed before the text above was read is
        # seen here too, so a text with a change that nobody has approved is never taken for an approved one.
        with self._store.read() as committed:
            before = self._composer.stored(committed, incident_id, is_read_only=True)
            found = rows.approval(committed, incident_id, before.digest)
        if found is None or after.digest in ("", before.digest):
            return
        places = found[1].get("places", ())
        if not _places(after) <= {(one["kind"], one["repository"].casefold()) for one in places}:
            return
        known = {one.key for one in before.replaced}
        new = [one.shown for one in after.replaced if one.key not in known and not one.kept_by]
        shown = {"places": list(places), "replaced": new}
        is_new = rows.approve(
            tx,
            incident_id,
            after.digest,
            by=change.by,
            at=self._now(),
            shown=shown,
            source=change.idempotency_key,
        )
        if is_new:
            approved = {"digest": after.digest, "before": before.digest, **shown}
            audit.add(tx, change.line("report.approved", target="edit", after=approved))


def _places(composed: Composed) -> set[tuple[str, str]]:
    """Where a text leaves mayday's disk to, as an approval names it."""
    documents = composed.publication.documents
    return {
        (each.target.kind.value, each.target.repository.casefold())
        for each in documents
        if each.digest
    }
