"""The tables. Every moment is UTC and aware; every JSON column holds plain JSON."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    UniqueConstraint,
    false,
)

from bot.store.columns import String, Text, UtcDateTime

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _incident(**options: Any) -> Column[str]:
    return Column("incident_id", String(40), ForeignKey("incident.id"), nullable=False, **options)


incident = Table(
    "incident",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("team_id", String(40), nullable=False),
    Column("title", Text, nullable=False),
    Column("severity", String(40), nullable=False),
    Column("status", String(40), nullable=False),
    Column("summary", Text, nullable=False),
    Column("private", Boolean, nullable=False),
    Column("hubs", JSON, nullable=False),
    Column("declared_by", String(40), nullable=False),
    Column("declared_at", UtcDateTime, nullable=False),
    Column("channel_name", String(80), nullable=False),
    Column("names_taken", Integer, nullable=False, default=0),
    Column("channel_id", String(40), unique=True),
    Column("origin_channel", String(40)),
    Column("resolved_at", UtcDateTime),
    Column("closed_at", UtcDateTime),
    Column("roles", JSON, nullable=False),
    Column("answers", JSON, nullable=False),
    Column("channel_state", String(20), nullable=False, server_default=""),
    Column("channel_checked_at", UtcDateTime),
    Column("milestones", JSON, nullable=False, server_default="{}"),
    Column("report_options", JSON, nullable=False, server_default="{}"),
    Column("number", Integer),
    Column("drill", Boolean, nullable=False, server_default=false()),
    Column("adopted", Boolean, nullable=False, server_default=false()),
    Column("ending", String(20), nullable=False, server_default=""),
    Column("duplicate_of", String(40)),  # an incident's id
    Column("origin_message", JSON(none_as_null=True)),
    UniqueConstraint("team_id", "channel_name"),
    Index("uq_incident_team_id_number", "team_id", "number", unique=True),
    Index("ix_incident_team_id_declared_at", "team_id", "declared_at"),
    Index("ix_incident_closed_at", "closed_at"),
)

incident_number = Table(
    "incident_number",
    metadata,
    Column("team_id", String(40), primary_key=True),
    Column("last", Integer, nullable=False),
)
"""The number of each team's last incident. Its row is locked by whoever declares."""

entry = Table(
    "entry",
    metadata,
    Column("id", Integer, primary_key=True),
    _incident(index=True),
    Column("at", UtcDateTime, nullable=False),
    Column("until", UtcDateTime),
    Column("is_about", Boolean, nullable=False, server_default=false()),
    Column("typed", Text, nullable=False, server_default=""),
    Column("typed_zone", Text, nullable=False, server_default=""),
    Column("recorded_at", UtcDateTime, nullable=False),
    Column("kind", String(40), nullable=False),
    Column("author", String(40), nullable=False),
    Column("data", JSON, nullable=False),
    Column("source", String(200), nullable=False),
    Column("message_key", String(130), nullable=False, default=""),
    Column("deleted_at", UtcDateTime),
    Column("rank", Integer, nullable=False, server_default="0"),
    UniqueConstraint("incident_id", "source"),
    Index("ix_entry_incident_id_at", "incident_id", "at"),
)

entry_revision = Table(
    "entry_revision",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("entry_id", Integer, ForeignKey("entry.id"), nullable=False),
    Column("change", String(20), nullable=False),
    Column("by", String(40), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("before", JSON, nullable=False),
    Column("after", JSON, nullable=False),
    Column("source", String(200), nullable=False),
    UniqueConstraint("entry_id", "source"),
)
"""What people changed of an entry, oldest first. ``source`` is unique to the person's act."""

message = Table(
    "message",
    metadata,
    Column("key", String(130), primary_key=True),
    Column("team_id", String(40), nullable=False),
    Column("channel_id", String(40), nullable=False),
    Column("ts", String(40), nullable=False),
    Column("thread_ts", String(40), nullable=False),
    Column("author", String(40), nullable=False),
    Column("subtype", String(60), nullable=False),
    Column("text", Text, nullable=False),
    Column("files", JSON, nullable=False),
    Column("permalink", Text, nullable=False),
    Column("posted_at", UtcDateTime, nullable=False),
    Column("edited_ts", String(40), nullable=False),
    Column("deleted_at", UtcDateTime),
    Column("raw", JSON, nullable=False),
    Column("event_ts", String(40), nullable=False, server_default=""),
    Column("changed_at", UtcDateTime),
    Column("absent_at", UtcDateTime),
    Column("author_name", Text, nullable=False, server_default=""),
    UniqueConstraint("team_id", "channel_id", "ts"),
)

revision = Table(
    "revision",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("message_key", String(130), ForeignKey("message.key"), nullable=False, index=True),
    Column("change", String(20), nullable=False),
    Column("text", Text, nullable=False),
    Column("edited_ts", String(40), nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    UniqueConstraint("message_key", "change", "edited_ts"),
)

tag = Table(
    "tag",
    metadata,
    Column("message_key", String(130), primary_key=True),
    Column("user", String(40), primary_key=True),
    Column("name", String(100), primary_key=True),
    Column("heading", String(20), nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("event_ts", String(40), nullable=False, server_default=""),
    Column("changed_at", UtcDateTime),
    Column("removed_at", UtcDateTime),
)

item = Table(
    "item",
    metadata,
    Column("id", String(40), primary_key=True),
    _incident(index=True),
    Column("position", Integer, nullable=False),
    Column("group", String(100), nullable=False),
    Column("title", Text, nullable=False),
    Column("owner", String(40), nullable=False),
    Column("link", Text, nullable=False),
    Column("issue_url", Text, nullable=False),
    Column("source", String(200), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("due_on", Date),
    Column("category", String(100), nullable=False, server_default=""),
    Column("repository", String(140), nullable=False, server_default=""),
    Column("state", String(20), nullable=False, server_default="open"),
    Column("state_at", UtcDateTime),
    Column("state_by", String(80), nullable=False, server_default=""),
    Column("issue_state", String(20), nullable=False, server_default=""),
    Column("issue_read_at", UtcDateTime),
    Column("nags", Integer, nullable=False, server_default="0"),
    Column("nag_at", UtcDateTime),
    UniqueConstraint("incident_id", "source"),
)

reminder = Table(
    "reminder",
    metadata,
    _incident(primary_key=True),
    Column("number", Integer, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Index("ix_reminder_due_at", "due_at"),
)
"""The next reminder to post an update; those of all other kinds are in ``incident_reminder``."""

incident_reminder = Table(
    "incident_reminder",
    metadata,
    _incident(primary_key=True),
    Column("kind", String(20), primary_key=True),
    Column("number", Integer, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("not_before", UtcDateTime),
    Column("since", UtcDateTime),
    Column("ended_at", UtcDateTime),
    Index("ix_incident_reminder_due_at", "due_at"),
)

resource = Table(
    "resource",
    metadata,
    Column("key", String(200), primary_key=True),
    Column("incident_id", String(40), ForeignKey("incident.id"), index=True),
    Column("run_id", String(40), ForeignKey("run.id"), index=True),
    Column("kind", String(40), nullable=False),
    Column("subject", String(200), nullable=False),
    Column("state", String(20), nullable=False),
    Column("spec", JSON, nullable=False),
    Column("rendering", Integer),
    Column("applied_spec", JSON(none_as_null=True)),
    Column("ref", JSON, nullable=False),
    Column("error", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("retry_at", UtcDateTime),
    Column("owner", String(40)),
    Column("attempted_at", UtcDateTime),
    Column("anchor", UtcDateTime),
    Index("ix_resource_retry_at", "retry_at"),
    UniqueConstraint("incident_id", "kind", "subject"),
)

inbox = Table(
    "inbox",
    metadata,
    Column("key", String(200), primary_key=True),
    Column("payload", JSON, nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("error", Text, nullable=False),
    Column("done_at", UtcDateTime),
    Column("owner", String(40)),
    Column("claimed_until", UtcDateTime),
    Column("given_up_at", UtcDateTime),
    Column("notified_at", UtcDateTime),
    Index("ix_inbox_done_at", "done_at"),
)

person = Table(
    "person",
    metadata,
    Column("team_id", String(40), primary_key=True),
    Column("user_id", String(40), primary_key=True),
    Column("name", Text, nullable=False),
    Column("zone", String(60), nullable=False),
    Column("is_guest", Boolean, nullable=False),
    Column("is_bot", Boolean, nullable=False),
    Column("fetched_at", UtcDateTime, nullable=False),
    Column("home_team", String(40), nullable=False, server_default=""),
)

label = Table(
    "label",
    metadata,
    Column("team_id", String(40), primary_key=True),
    Column("kind", String(20), primary_key=True),
    Column("id", String(40), primary_key=True),
    Column("name", Text, nullable=False),
    Column("fetched_at", UtcDateTime, nullable=False),
)
"""The names of user groups and channels as Slack last gave them; ``kind`` is ``group`` or ``channel``."""

sighting = Table(
    "sighting",
    metadata,
    Column("hub", String(100), primary_key=True),
    Column("user_name", String(255), primary_key=True),
    Column("server_name", String(255), primary_key=True),
    Column("state", String(100), nullable=False),
    Column("first_seen_at", UtcDateTime, nullable=False),
    Column("last_seen_at", UtcDateTime, nullable=False),
)

hub_user = Table(
    "hub_user",
    metadata,
    Column("hub", String(100), primary_key=True),
    Column("name", String(255), primary_key=True),
    Column("seen_on", Date, nullable=False),
)
"""The names of people whom hubs serve, whenever mayday reads a hub; ``seen_on`` is the last day."""

replica = Table(
    "replica",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("host", String(200), nullable=False),
    Column("version", String(40), nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("lease_until", UtcDateTime, nullable=False),
    Column("taken_by", String(40)),
    Column("foreign_sockets", Integer, nullable=False, server_default="0"),
)
"""The processes that use this database. Every moment here and in every claim is by the database's clock."""

claim = Table(
    "claim",
    metadata,
    Column("name", String(200), primary_key=True),
    Column("owner", String(40), nullable=False),
    Column("until", UtcDateTime, nullable=False),
)
"""Work that one replica at a time does, by its name."""

reading = Table(
    "reading",
    metadata,
    _incident(primary_key=True),
    Column("due_at", UtcDateTime, nullable=False),
    Column("is_whole", Boolean, nullable=False),
    Column("asked", Integer, nullable=False),
    Column("newest", String(40), nullable=False),
    Column("threads", JSON, nullable=False),
    Column("owner", String(40)),
    Column("claimed_until", UtcDateTime),
    Index("ix_reading_due_at", "due_at"),
)
"""When the history of an incident's channel is read next, whole or only what is new, and how far it was read.

``asked`` counts the requests for a whole reading: one that began before the last request doesn't fulfil it.
"""

subscription = Table(
    "subscription",
    metadata,
    _incident(primary_key=True),
    Column("user_id", String(40), primary_key=True),
    Column("after_entry", Integer, nullable=False),
)
"""Who gets an incident's news directly: that of the entries after ``after_entry``."""

audit = Table(
    "audit",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", UtcDateTime, nullable=False),
    Column("actor", String(80), nullable=False),
    Column("act", String(60), nullable=False),
    Column("target", String(200), nullable=False),
    Column("incident_id", String(40)),
    Column("origin", String(200), nullable=False),
    Column("outcome", String(20), nullable=False),
    Column("reason", Text, nullable=False),
    Column("before", JSON, nullable=False),
    Column("after", JSON, nullable=False),
    Column("source", String(200), unique=True),
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Index("ix_audit_incident_id", "incident_id"),
)
"""The audit log: numbered lines, each with the hash of the one before. Lines are only added."""

audit_head = Table(
    "audit_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, nullable=False),
    Column("hash", String(64), nullable=False),
)
"""The last line of the audit log, in one row with the id 1, which is locked while a line is added."""
