"""Searches imported reports and mayday's own incidents, and finds those that are like a new one.

An incident is found by its title and summary while it is open, and by its timeline, its answers and its
action items once it is resolved: until then they change with every message.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

import structlog

from bot.domain.actions import ActionItem
from bot.domain.incident import Incident
from bot.domain.mrkdwn import plain
from bot.domain.resources import ResourceKind, ResourceState, resource_key
from bot.domain.search import ENOUGH, Candidate, alike, asked, snippet
from bot.domain.timeline import EntryKind, Line
from bot.errors import UserError
from bot.ports import Clock
from bot.render.found import Result
from bot.render.renderings import RENDERINGS
from bot.store import incidents as incident_rows
from bot.store import resources as resource_rows
from bot.store import search as index
from bot.store import timeline as timeline_rows
from bot.store.engine import Store, Tx
from bot.store.search import Match, Searchable

SHOWN = 3
"""Past outages that are shown at a declaration."""
CANDIDATES = 60
RESULTS = 8
AT_ONCE = 20
IN_TURN = 5
ROUNDS = 5
NEW = timedelta(hours=1)
"""How long after its declaration an incident gets the past outages that are like it."""

NOTHING_ASKED = "Write what to search for: a few words, such as “proxy evicted”."

log = structlog.get_logger()


class Search:
    """Searches, and keeps the index in step with incidents.

    ``latch`` records which channels have become private; it raises :class:`UserError` if Slack doesn't say.
    """

    def __init__(self, store: Store, now: Clock, latch: Callable[[], None]) -> None:
        self._store = store
        self._now = now
        self._latch = latch
        self._last = ""
        """The id of the incident that was looked at last in turn."""

    def search(self, text: str, *, team_id: str, seen_from: str) -> list[Result]:
        """Return what is found, the best first; a private incident only from its own channel.

        Raises:
            UserError: no word is left to search for, or Slack didn't say which channels are private.
        """
        words = asked(plain(text))
        if not words:
            raise UserError(NOTHING_ASKED)
        self._latch()
        with self._store.read() as tx:
            found = index.find(tx, words, team_id=team_id, seen_from=seen_from, limit=RESULTS)
        return [_result(match, snippet(match.body, words)) for match in found]

    def keep(self, incident_id: str) -> bool:
        """Index an incident as it is, and find once what it is like; return whether there is that to post.

        It asks nobody but the database, except Slack for what is private before others are named.
        """
        self._index(incident_id)
        with self._store.read() as tx:
            incident = incident_rows.get(tx, incident_id)
            row = resource_rows.find(tx, incident_id, ResourceKind.ALIKE)
        is_new = incident.is_open and self._now() - incident.declared_at < NEW
        return row is None and is_new and incident.channel_id is not None and self._find(incident)

    def refresh(self) -> None:
        """Index the incidents that are not, and in turn a few of the others.

        Those of an earlier version are not indexed, nor those of which a message was deleted. Of the others
        a message may have been edited, which changes nothing that Slack must show.
        """
        with self._store.read() as tx:
            missing = index.not_indexed(tx, AT_ONCE)
            in_turn = incident_rows.ids_after(tx, self._last, IN_TURN)
        self._last = in_turn[-1] if in_turn else ""
        for incident_id in dict.fromkeys([*missing, *in_turn]):
            self._index(incident_id)

    def _index(self, incident_id: str) -> None:
        """Index an incident, until what is indexed is what it is. Drills are left out.

        While it is written, a message of it may be deleted, whose words must not stay.
        """
        for _ in range(ROUNDS):
            with self._store.read() as tx:
                incident = incident_rows.get(tx, incident_id)
                if incident.drill:
                    return
                value = _searchable(tx, incident)
                if index.is_indexed(tx, value):
                    return
            with self._store.write() as tx:
                index.put(tx, _searchable(tx, incident_rows.get(tx, incident_id)))

    def _find(self, incident: Incident) -> bool:
        """Store what the incident is like, to be posted once; return whether that is anything."""
        found = self._like(incident)
        if any(match.incident_id for match in found):
            try:
                self._latch()
            except UserError as exc:  # the next change of the incident tries again
                log.warning("search.not_latched", incident=incident.id, error=str(exc))
                return False
            found = self._like(incident)
        spec = {"found": [_result(match).to_json() for match in found]}
        with self._store.write() as tx:
            kind = ResourceKind.ALIKE
            if not resource_rows.add(tx, incident.id, kind, spec=spec, now=self._now()):
                return False
            if not found:
                _settle(tx, incident.id, spec)
        return bool(found)

    def _like(self, incident: Incident) -> list[Match]:
        with self._store.read() as tx:
            return like(
                tx,
                f"{incident.title} {incident.summary}",
                team_id=incident.team_id,
                but=f"incident/{incident.id}",
            )


def like(tx: Tx, text: str, *, team_id: str, but: str = "", limit: int = SHOWN) -> list[Match]:
    """Return the reports and public incidents that are enough like a text, the most alike first."""
    words = asked(text)
    matches = index.find(tx, words, team_id=team_id, limit=CANDIDATES, in_full=False)
    by_key = {match.key: match for match in matches if match.key != but}
    scored = alike(words, map(_candidate, by_key.values()), total=index.count(tx))
    return [by_key[key] for score, key in scored[:limit] if score >= ENOUGH]


def _candidate(match: Match) -> Candidate:
    return Candidate(key=match.key, title=match.title_words, text=match.words)


def _settle(tx: Tx, incident_id: str, spec: dict[str, Any]) -> None:
    """Record that there is nothing to post."""
    resource_rows.change(
        tx,
        resource_key(incident_id, ResourceKind.ALIKE),
        state=ResourceState.DONE.value,
        applied_spec=spec,
        rendering=RENDERINGS[ResourceKind.ALIKE],
    )


def _result(match: Match, part: str = "") -> Result:
    return Result(
        title=match.title,
        date=match.date,
        url=match.url,
        channel=match.channel_id or "",
        ended=match.ended,
        part=part,
    )


def _searchable(tx: Tx, incident: Incident) -> Searchable:
    """Return what is searched of an incident."""
    lines = [] if incident.is_open else timeline_rows.lines(tx, incident.id)
    items = [] if incident.is_open else incident_rows.items(tx, incident.id)
    urls = [line.entry.data.get("url") for line in lines if line.entry.kind is EntryKind.PUBLISHED]
    url = str(urls[-1] or "") if urls else ""
    answers = incident.answers
    texts = [incident.summary, answers.impact, answers.conclusion, " ".join(incident.hubs)]
    texts += [line.text for line in lines]
    texts += [item.title for item in items]
    return Searchable(
        title=incident.title,
        date=answers.report_date or incident.declared_at.date(),
        url=url if url.startswith("http") else "",
        ended=_ended(incident, lines, items),
        body="\n".join(plain(text) for text in texts if text),
        incident_id=incident.id,
    )


def _ended(incident: Incident, lines: Iterable[Line], items: Iterable[ActionItem]) -> str:
    """Return what ended an incident: its conclusion, what was said when it was resolved, or its last note."""
    said = [line for line in lines if line.text]
    resolved = [line for line in said if line.entry.kind is EntryKind.RESOLVED]
    notes = [line for line in said if line.entry.kind in (EntryKind.NOTE, EntryKind.UPDATE)]
    texts = [incident.answers.conclusion]
    texts += [line.text for line in (*resolved[-1:], *notes[-1:])]
    texts += [item.title for item in items][:1]
    return " ".join(plain(next((text for text in texts if text.strip()), "")).split())[:300]
