"""Guards publications: replaces in their documents what must not be published, the same each time.

What was replaced is stored before anybody sees it, so that a later publication has the same words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from bot.domain.publication import Document
from bot.guard import Guarded, Known, Replaced, guard
from bot.services.settings import Settings
from bot.store import incidents as incident_rows
from bot.store import publications as rows
from bot.store.engine import Store, Tx

MOST_KEPT = 4
"""Publications whose guarded texts are kept in memory: with and without links, before and after a change."""
_PARTS = ("title", "text", "path")


@dataclass(frozen=True, kw_only=True)
class GuardedDocuments:
    """Documents as they may be published. ``replaced`` is what the guard found, also what a person keeps."""

    documents: tuple[Document, ...]
    replaced: tuple[Replaced, ...]


class Guards:
    """Guards the documents of incidents."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings
        hosts = {urlsplit(url).hostname or "" for url in settings.hub_urls.values()}
        self._latest: tuple[tuple[dict[str, str], Known, Guarded], ...] = ()
        self._public = frozenset(hosts | set(settings.guard_public)) - {""}

    def guarded(
        self, incident_id: str, documents: Sequence[Document], *, team: frozenset[str]
    ) -> GuardedDocuments:
        """Return the documents without what must not be published. ``team`` are names that stay."""
        texts = _texts(documents)
        with self._store.read() as tx:
            known = self._known(tx, incident_id, team)
        found = self._found(texts, known)
        if found.replaced.keys() - known.replaced.keys():
            with self._store.write() as tx:
                return self.guarded_in(tx, incident_id, documents, team=team)
        return _guarded(documents, found)

    def guarded_in(
        self,
        tx: Tx,
        incident_id: str,
        documents: Sequence[Document],
        *,
        team: frozenset[str],
        is_read_only: bool = False,
    ) -> GuardedDocuments:
        """The same within a transaction, which stores what is replaced unless it only reads."""
        if not is_read_only:
            # Locked, so that two replicas give no number twice.
            incident_rows.get(tx, incident_id, lock=True)
        found = self._found(_texts(documents), self._known(tx, incident_id, team))
        if not is_read_only:
            rows.add_replacements(tx, incident_id, found.replaced.values())
        return _guarded(documents, found)

    def unpublishable(self, incident_id: str, text: str) -> tuple[str, frozenset[str]]:
        """Return a text as it might be published, and the kinds of what must not be in it; store nothing."""
        with self._store.read() as tx:
            found = guard({"text": text}, self._known(tx, incident_id, frozenset()))
        return found.texts["text"], frozenset(each.kind.value for each in found.replaced.values())

    def _found(self, texts: dict[str, str], known: Known) -> Guarded:
        """What the guard leaves and replaces. Each step of a publication guards the same long texts again."""
        for seen, by, found in self._latest:
            if seen == texts and by == known:
                return found
        found = guard(texts, known)
        self._latest = ((texts, known, found), *self._latest[: MOST_KEPT - 1])
        return found

    def _known(self, tx: Tx, incident_id: str, team: frozenset[str]) -> Known:
        return Known(
            served=rows.served(tx, incident_id),
            team=team,
            public=self._public,
            patterns=self._settings.guard_patterns,
            replaced=rows.replacements(tx, incident_id),
        )


def _texts(documents: Sequence[Document]) -> dict[str, str]:
    return {
        f"{number}/{part}": str(getattr(document, part))
        for number, document in enumerate(documents)
        for part in _PARTS
    }


def _guarded(documents: Sequence[Document], found: Guarded) -> GuardedDocuments:
    def parts(number: int) -> dict[str, Any]:
        return {part: found.texts[f"{number}/{part}"] for part in _PARTS}

    return GuardedDocuments(
        documents=tuple(
            replace(document, **parts(number)) for number, document in enumerate(documents)
        ),
        replaced=tuple(found.replaced.values()),
    )
