"""The next version of mayday, for a rolling update: it has one more migration, which adds a column."""

from __future__ import annotations

import shutil
from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory

from tests.support.forkserver import ROOT

COLUMN = "of_the_next_version"
_MIGRATION = '''"""Add a column that only the next version writes."""

import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "{head}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("incident", sa.Column("{column}", sa.Text(), nullable=True))
'''


def next_version(directory: Path) -> Path:
    """Copy the migrations and add one; returns what the next version has first on its path."""
    copied = directory / "next" / "migrations"
    shutil.copytree(ROOT / "migrations", copied, ignore=shutil.ignore_patterns("__pycache__"))
    config = Config()
    config.set_main_option("script_location", str(copied))
    head = ScriptDirectory.from_config(config).get_current_head()
    text = _MIGRATION.format(head=head, column=COLUMN)
    (copied / "versions" / "9999_next.py").write_text(text, encoding="utf-8")
    return copied.parent
