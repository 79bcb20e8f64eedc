"""The index of imported reports and incidents: one query behind FTS5 and PostgreSQL's full text."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy import func, select, update

from bot.domain.incident import LEFT
from bot.domain.search import MOST_INDEXED, indexed
from bot.store.engine import Tx
from bot.store.incidents import insert_new
from bot.store.report_tables import searchable
from bot.store.tables import incident

_FTS5 = sa.table("searchable_index", sa.column("rowid", sa.Integer))
_TITLE, _BODY = 5.0, 1.0
"""How much a word counts in the title and elsewhere, for FTS5. PostgreSQL's weights are its own."""


@dataclass(frozen=True, kw_only=True)
class Searchable:
    """What is searched of a report or an incident, and what is shown of it.

    Attributes:
        ended: what ended the outage, as far as its report says it.
        body: everything that is searched besides the title.
    """

    title: str
    body: str
    date: date | None = None
    url: str = ""
    ended: str = ""
    incident_id: str | None = None
    report_id: str | None = None

    @property
    def key(self) -> str:
        """Its unique key."""
        return f"incident/{self.incident_id}" if self.incident_id else f"report/{self.report_id}"

    @property
    def digest(self) -> str:
        """The fingerprint of everything that is stored."""
        parts = (self.title, str(self.date), self.url, self.ended, self.body)
        return hashlib.sha256("\x00".join(parts).encode(errors="replace")).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Match:
    """A report or an incident that was found. ``channel_id`` is that of an incident."""

    key: str
    title: str
    date: date | None
    url: str
    ended: str
    body: str
    title_words: str
    words: str
    incident_id: str | None
    channel_id: str | None


def put(tx: Tx, value: Searchable) -> bool:
    """Index a report or an incident; return False, without a change, if it is indexed as it is."""
    known = tx.execute(select(searchable.c.digest).where(searchable.c.key == value.key)).scalar()
    if known == value.digest:
        return False
    columns = {
        "title": value.title,
        "date": value.date,
        "url": value.url,
        "ended": value.ended,
        "body": value.body[:MOST_INDEXED],
        "title_words": indexed(value.title),
        "words": indexed(value.body),
        "digest": value.digest,
    }
    of = {"key": value.key, "incident_id": value.incident_id, "report_id": value.report_id}
    if known is not None or not insert_new(tx, "searchable", {**of, **columns}):
        tx.execute(update(searchable).where(searchable.c.key == value.key).values(**columns))
    return True


def is_indexed(tx: Tx, value: Searchable) -> bool:
    """Return whether a report or an incident is indexed as it is."""
    query = select(searchable.c.digest).where(searchable.c.key == value.key)
    return tx.execute(query).scalar() == value.digest


def remove_incidents(tx: Tx, channel_ids: Sequence[str]) -> None:
    """Take the incidents of these channels out of the index, until they are indexed again."""
    owned = select(incident.c.id).where(incident.c.channel_id.in_(channel_ids))
    tx.execute(searchable.delete().where(searchable.c.incident_id.in_(owned)))


def not_indexed(tx: Tx, limit: int) -> list[str]:
    """Return the ids of incidents that are not in the index, without drills."""
    both = incident.outerjoin(searchable, searchable.c.incident_id == incident.c.id)
    is_missing = searchable.c.number.is_(None) & incident.c.drill.is_(False)
    missing = select(incident.c.id).select_from(both).where(is_missing)
    return list(tx.execute(missing.order_by(incident.c.declared_at.desc()).limit(limit)).scalars())


def count(tx: Tx) -> int:
    """Return how many reports and incidents are indexed."""
    return int(tx.execute(select(func.count()).select_from(searchable)).scalar_one())


def find(
    tx: Tx,
    words: Sequence[str],
    *,
    team_id: str,
    seen_from: str = "",
    limit: int,
    in_full: bool = True,
) -> list[Match]:
    """Return what has these words, the best first: all of them or, with less than that, any.

    ``words`` are those of :func:`bot.domain.search.asked`. A private incident is found only from its own
    channel, ``seen_from``; so is one whose channel Slack does not show. With ``in_full`` false any word is
    enough.
    """
    if not words:
        return []
    is_public = incident.c.private.is_(False) & (incident.c.channel_state != LEFT)
    is_visible = searchable.c.incident_id.is_(None) | (
        (incident.c.team_id == team_id) & (is_public | (incident.c.channel_id == seen_from))
    )
    for every in (True, False) if in_full else (False,):
        query = _query(tx, words, every=every).where(is_visible).limit(limit)
        found = [Match(**row) for row in tx.execute(query).mappings()]
        if found:
            return found
    return []


def _query(tx: Tx, words: Sequence[str], *, every: bool) -> sa.Select[tuple[object, ...]]:
    """Return the query for every word, or for any. Words have only letters and digits, so nothing in
    them is an operator."""
    columns = [
        searchable.c[name]
        for name in ("key", "title", "date", "url", "ended", "body", "title_words", "words")
    ]
    both = searchable.outerjoin(incident, incident.c.id == searchable.c.incident_id)
    chosen = select(*columns, searchable.c.incident_id, incident.c.channel_id)
    quoted = [f'"{word}"' for word in words]
    if tx.dialect.name == "sqlite":
        asked = (" AND " if every else " OR ").join(quoted)
        rank = func.bm25(sa.literal_column("searchable_index"), _TITLE, _BODY)
        return (
            chosen.select_from(both.join(_FTS5, _FTS5.c.rowid == searchable.c.number))
            .where(sa.literal_column("searchable_index").op("MATCH")(asked))
            .order_by(rank, searchable.c.number)
        )
    tsquery = func.websearch_to_tsquery(
        sa.literal_column("'mayday'::regconfig"), (" " if every else " or ").join(quoted)
    )
    tokens: sa.ColumnElement[str] = sa.literal_column("searchable.tokens")
    return (
        chosen.select_from(both)
        .where(tokens.op("@@")(tsquery))
        .order_by(func.ts_rank_cd(tokens, tsquery, 1).desc(), searchable.c.number)
    )
