"""The tables of reports: changes to them, their publications, followed issues, and imported reports."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Date, ForeignKey, Integer, Table, UniqueConstraint

from bot.store.columns import String, Text, UtcDateTime
from bot.store.tables import metadata


def _incident(*, is_key: bool = False) -> Column[str]:
    key = ForeignKey("incident.id")
    return Column("incident_id", String(40), key, nullable=False, primary_key=is_key)


report_revision = Table(
    "report_revision",
    metadata,
    Column("id", Integer, primary_key=True),
    _incident(),
    Column("part", String(100), nullable=False),
    Column("by", String(40), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("before", JSON, nullable=False),
    Column("after", JSON, nullable=False),
    Column("source", String(200), nullable=False),
    UniqueConstraint("incident_id", "source"),
)
"""What people changed of a report besides its entries, oldest first. ``part`` is a section, a time or an
item, ``source`` is unique to the person's act."""

publication_approval = Table(
    "publication_approval",
    metadata,
    Column("id", Integer, primary_key=True),
    _incident(),
    Column("digest", String(64), nullable=False),
    Column("by", String(40), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("shown", JSON, nullable=False),
    Column("source", String(200), nullable=False),
    UniqueConstraint("incident_id", "source"),
)
"""Who approved which text: ``digest`` is the text's, ``shown`` where it goes and who could read it there."""

replacement = Table(
    "replacement",
    metadata,
    _incident(is_key=True),
    Column("original", String(300), primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("shown", String(100), nullable=False),
    Column("kept_by", String(40), nullable=False, server_default=""),
    Column("kept_at", UtcDateTime),
)
"""What published text shows in place of a name or a secret; ``kept_by`` is who decided to show it."""

document = Table(
    "document",
    metadata,
    Column("key", String(200), primary_key=True),
    _incident(),
    Column("base", JSON(none_as_null=True)),
    Column("pending", JSON(none_as_null=True)),
    Column("seen", JSON(none_as_null=True)),
    Column("conflict", JSON(none_as_null=True)),
    Column("read_at", UtcDateTime),
    Column("decided", JSON(none_as_null=True)),
)
"""A published text by the key of its resource: ``base`` as mayday wrote it last, ``pending`` as it is about
to write it, ``seen`` as it was read last, ``conflict`` what both sides changed, ``decided`` the lines to
write there instead, by the key of the conflict."""

followed_repository = Table(
    "followed_repository",
    metadata,
    Column("name", String(140), primary_key=True),
    Column("since", UtcDateTime),
    Column("etag", String(200), nullable=False, server_default=""),
    Column("due_at", UtcDateTime, nullable=False),
    Column("owner", String(40)),
    Column("claimed_until", UtcDateTime),
    Column("error", Text, nullable=False, server_default=""),
)
"""A repository with issues of action items, and when its changed issues are read next."""

item_digest = Table(
    "item_digest",
    metadata,
    Column("week", String(10), primary_key=True),
    Column("owner", String(40)),
    Column("claimed_until", UtcDateTime),
    Column("posted_at", UtcDateTime),
)
"""The weekly digests of action items, by the day on which their week begins."""

published_report = Table(
    "published_report",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("source", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("revision", String(64), nullable=False),
    Column("title", Text, nullable=False),
    Column("date", Date),
    Column("format", String(20), nullable=False),
    Column("raw", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("stored_at", UtcDateTime, nullable=False),
)
"""A report that was imported, with its text as published. ``revision`` is that of a repository's file."""

searchable = Table(
    "searchable",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("key", String(80), nullable=False, unique=True),
    Column("incident_id", String(40), ForeignKey("incident.id")),
    Column("report_id", String(64), ForeignKey("published_report.id")),
    Column("title", Text, nullable=False),
    Column("date", Date),
    Column("url", Text, nullable=False),
    Column("ended", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("title_words", Text, nullable=False),
    Column("words", Text, nullable=False),
    Column("digest", String(64), nullable=False),
)
"""What is searched of an imported report or of an incident. ``title_words`` and ``words`` are indexed: by a
table ``searchable_index`` of SQLite's FTS5, and by a column ``tokens`` in PostgreSQL. ``ended`` is what ended
the outage."""
