"""Published reports that were imported, and the index that searches them and mayday's own incidents"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_FTS5 = (
    "CREATE VIRTUAL TABLE searchable_index USING fts5("
    "title_words, words, content='searchable', content_rowid='number', tokenize='porter unicode61')",
    "CREATE TRIGGER searchable_added AFTER INSERT ON searchable BEGIN "
    "INSERT INTO searchable_index(rowid, title_words, words) "
    "VALUES (new.number, new.title_words, new.words); END",
    "CREATE TRIGGER searchable_removed AFTER DELETE ON searchable BEGIN "
    "INSERT INTO searchable_index(searchable_index, rowid, title_words, words) "
    "VALUES ('delete', old.number, old.title_words, old.words); END",
    "CREATE TRIGGER searchable_changed AFTER UPDATE ON searchable BEGIN "
    "INSERT INTO searchable_index(searchable_index, rowid, title_words, words) "
    "VALUES ('delete', old.number, old.title_words, old.words); "
    "INSERT INTO searchable_index(rowid, title_words, words) "
    "VALUES (new.number, new.title_words, new.words); END",
)
# PostgreSQL's configuration "english" drops words such as "down", which FTS5 finds.
_POSTGRESQL = (
    "CREATE TEXT SEARCH DICTIONARY mayday_stem (TEMPLATE = snowball, Language = english)",
    "CREATE TEXT SEARCH CONFIGURATION mayday (COPY = simple)",
    "ALTER TEXT SEARCH CONFIGURATION mayday ALTER MAPPING FOR asciiword, word, numword WITH mayday_stem",
    "ALTER TABLE searchable ADD COLUMN tokens tsvector GENERATED ALWAYS AS ("
    "setweight(to_tsvector('mayday'::regconfig, title_words), 'A') || "
    "setweight(to_tsvector('mayday'::regconfig, words), 'D')) STORED",
    "CREATE INDEX ix_searchable_tokens ON searchable USING gin (tokens)",
)


def upgrade() -> None:
    op.create_table(
        "published_report",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("revision", sa.String(64), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("date", sa.Date(), nullable=True),
        sa.Column("format", sa.String(20), nullable=False),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_published_report")),
    )
    op.create_table(
        "searchable",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(80), nullable=False),
        sa.Column("incident_id", sa.String(40), nullable=True),
        sa.Column("report_id", sa.String(64), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("date", sa.Date(), nullable=True),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("ended", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("title_words", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_searchable")),
        sa.UniqueConstraint("key", name=op.f("uq_searchable_key")),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incident.id"], name=op.f("fk_searchable_incident_id_incident")
        ),
        sa.ForeignKeyConstraint(
            ["report_id"],
            ["published_report.id"],
            name=op.f("fk_searchable_report_id_published_report"),
        ),
    )
    for statement in _FTS5 if _is_sqlite() else _POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DELETE FROM resource WHERE kind = 'alike'")
    if _is_sqlite():
        op.execute("DROP TABLE searchable_index")
    op.drop_table("searchable")
    op.drop_table("published_report")
    if not _is_sqlite():
        op.execute("DROP TEXT SEARCH CONFIGURATION mayday")
        op.execute("DROP TEXT SEARCH DICTIONARY mayday_stem")


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"
