"""Publishes the changes of a closed incident's report.

A person's change of a text that somebody approved counts as their approval of the text after it, if they may
publish, and the channel says so. Any other change waits for a review.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.domain.incident import Incident
from bot.domain.resources import ResourceKind, digest
from bot.domain.state_change import StateChange
from bot.guard import Replaced
from bot.ports import Clock, Durable
from bot.render.review import Place, ReviewState
from bot.services.approval import outdate
from bot.services.compose import Composed, Composer
from bot.services.edits import published
from bot.services.part_names import own_name
from bot.services.settings import Settings
from bot.store import audit
from bot.store import publications as rows
from bot.store import resources as resource_rows
from bot.store.engine import Store, Tx

TOGETHER = timedelta(minutes=30)
"""For how long the changes of one person are listed in one message."""


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
    """Approves changes of closed incidents' reports in their own transactions."""

    def __init__(
        self, store: Store, durable: Durable, composer: Composer, now: Clock, settings: Settings
    ) -> None:
        self._store = store
        self._durable = durable
        self._composer = composer
        self._now = now
        self._settings = settings

    def edited(self, tx: Tx, change: StateChange, incident: Incident, part: str) -> None:
        """Follow a change that this transaction has made: show it, approve it and publish it.

        Where the person may publish, the transaction was opened with ``beside``.
        """
        if incident.closed_at is not None and change.may_publish:
            self._approve(tx, change, incident, part)
        published(self._durable, tx, change, incident, part)

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

    def _approve(self, tx: Tx, change: StateChange, incident: Incident, part: str) -> None:
        incident_id = change.incident_id
        after = self._composer.stored(tx, incident_id)
        # Others don't see this change yet. What others committed before the text above was read is seen here
        # too, so a text with a change that nobody has approved is never taken for an approved one.
        with self._store.committed(tx) as committed:
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
            name = own_name(tx, self._settings, incident, part)
            self._say(tx, change, [part.partition("/")[0], name], list(places))

    def _say(self, tx: Tx, change: StateChange, changed: list[str], places: list[Any]) -> None:
        """Have the channel show who changed what: in the message about their last changes, if it is recent
        and the last about the report."""
        now = self._now()
        spec: dict[str, Any] = {
            "incident_id": change.incident_id,
            "state": ReviewState.EDITED.value,
        }
        spec |= {"by": change.by, "places": places}
        found = resource_rows.of_incident(tx, change.incident_id).values()
        last = next((row for row in reversed(found) if row.kind is ResourceKind.REVIEW), None)
        outdate(tx, change.incident_id)
        if (
            last is not None
            and last.spec.get("state") == ReviewState.EDITED
            and last.spec["by"] == change.by
            and now - datetime.fromisoformat(last.spec["since"]) < TOGETHER
        ):
            names = [one for one in last.spec["changed"] if one != changed]
            spec |= {"since": last.spec["since"], "changed": [*names, changed]}
            resource_rows.change(tx, last.key, spec=spec)
            return
        spec |= {"since": now.isoformat(), "changed": [changed]}
        subject = f"edit/{digest(change.idempotency_key)[:16]}"
        resource_rows.add(tx, change.incident_id, ResourceKind.REVIEW, subject, spec=spec, now=now)


def _places(composed: Composed) -> set[tuple[str, str]]:
    """Where a text leaves mayday's disk to, as an approval names it."""
    documents = composed.publication.documents
    return {
        (each.target.kind.value, each.target.repository.casefold())
        for each in documents
        if each.digest
    }
