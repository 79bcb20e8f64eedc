"""Lines of published texts that mayday and people changed differently: who is asked, and what they decide.

A decision names both texts. If either has changed by the time it is used, it doesn't count, and people are
asked again; so nothing is overwritten that nobody saw.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.audit import text_hash
from bot.domain.merging import Conflict
from bot.domain.publication import Document, Target, TargetKind
from bot.domain.resources import ResourceKind
from bot.domain.state_change import StateChange
from bot.errors import UserError
from bot.guard import Replaced
from bot.ports import Durable
from bot.render.conflicts import IN_FORM, Decision, harmless
from bot.services import publish, sync
from bot.services.guard import Guards
from bot.services.report import Reports
from bot.store import audit
from bot.store import documents as rows
from bot.store import incidents as incident_rows
from bot.store import resources as resource_rows
from bot.store.documents import DocumentRow
from bot.store.engine import Store, Tx
from bot.store.resources import ResourceRow

CHANGED_SINCE = (
    "One of the texts has changed since, so nothing was decided. The latest message about it in the channel "
    "has both."
)


@dataclass(frozen=True, kw_only=True)
class OpenConflict:
    """What a person decides: ``place`` as people know it, and the lines in which the texts differ."""

    place: str
    conflicts: tuple[Conflict, ...]


class Conflicts:
    """What people decide about conflicts."""

    def __init__(self, store: Store, durable: Durable, reports: Reports, guards: Guards) -> None:
        self._store = store
        self._durable = durable
        self._reports = reports
        self._guards = guards

    def get(self, incident_id: str, subject: str) -> OpenConflict:
        """One open conflict.

        Raises:
            UserError: it is decided, or one of the texts has changed since.
        """
        with self._store.read() as tx:
            message, document = self._open(tx, incident_id, subject)
        return OpenConflict(place=message.spec["place"], conflicts=document.conflicts)

    def decide(
        self, change: StateChange, subject: str, how: Decision, written: Sequence[str] = ()
    ) -> tuple[Replaced, ...]:
        """Have one text written in place of both; return what the guard replaces in ``written``.

        ``written`` are the texts for the first conflicts. The same act again changes nothing.

        Raises:
            UserError: it is decided, or one of the texts has changed since.
        """
        incident_id = change.incident_id
        with self._store.write() as tx:
            incident_rows.get(tx, incident_id, lock=True)
            known = resource_rows.find(tx, incident_id, ResourceKind.CONFLICT, subject)
            if known and known.spec.get("source") == change.idempotency_key:
                return ()
            message, document = self._open(tx, incident_id, subject)
            found = document.conflicts
            replaced: tuple[Replaced, ...] = ()
            if how is Decision.WRITTEN:
                texts, replaced = self._guarded(tx, incident_id, written)
            else:
                texts = [one.ours if how is Decision.OURS else one.theirs for one in found]
            decided = {one.key: text for one, text in zip(found, texts, strict=False)}
            rows.decide(tx, document.key, decided)
            spec = {**message.spec, "state": how.value, "by": change.by}
            spec["source"] = change.idempotency_key
            resource_rows.change(tx, message.key, spec=spec)
            after = {"kept": how.value, "texts": [text_hash(text) for text in texts]}
            audit.add(tx, change.line("report.merged", target=document.key, after=after))
            resource_rows.resume_needing_human(tx, incident_id)
            publish.enqueue(self._durable, tx, incident_id, change.idempotency_key)
            sync.enqueue(self._durable, tx, incident_id, change.idempotency_key)
        return replaced

    def _open(self, tx: Tx, incident_id: str, subject: str) -> tuple[ResourceRow, DocumentRow]:
        message = resource_rows.find(tx, incident_id, ResourceKind.CONFLICT, subject)
        if message is None or message.spec["state"] != Decision.OPEN:
            raise UserError(CHANGED_SINCE)
        document = rows.get(tx, message.spec["document"])
        if [one.key for one in document.conflicts] != message.spec["keys"]:
            raise UserError(CHANGED_SINCE)
        return message, document

    def _guarded(
        self, tx: Tx, incident_id: str, written: Sequence[str]
    ) -> tuple[list[str], tuple[Replaced, ...]]:
        """What a person wrote, without what must not be published."""
        target = Target(kind=TargetKind.ISSUE)
        texts = [
            Document(target=target, title="", text=harmless(text)) for text in written[:IN_FORM]
        ]
        team = frozenset(self._reports.stored(tx, incident_id).people.values())
        found = self._guards.guarded_in(tx, incident_id, texts, team=team)
        return [each.text for each in found.documents], found.replaced
