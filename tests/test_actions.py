"""``mayday actions`` on the terminal."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.domain.actions import ActionItem
from bot.store import incidents as rows
from bot.store.engine import Store
from tests.support.rows import stored


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """SQLite: ``tests/store/test_items.py`` tries both."""
    return sqlite_url


@pytest.fixture
def printed(store: Store, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A database with items of a public and of a private incident."""
    monkeypatch.setenv("MAYDAY_DATABASE__URL", store.url)
    stored(store)
    stored(store, id="private00000", channel_id="C0PRIVATE", channel_name="secret", private=True)
    for name, incident, due_on, state in (
        ("Write it down", "abc123abc123", None, "open"),
        ("Add an <https://x.example|alert>", "abc123abc123", date(2020, 1, 2), "open"),
        ("Done long ago", "abc123abc123", None, "done"),
        ("A secret", "private00000", None, "open"),
    ):
        with store.write() as tx:
            rows.add_item(
                tx,
                ActionItem(
                    id=name[:12],
                    incident_id=incident,
                    position=0,
                    group="Technical improvements",
                    title=name,
                    owner="U0ANA" if due_on else "",
                    due_on=due_on,
                    state=state,
                    source=name,
                    created_at=datetime.now(UTC),
                ),
            )
    return store


def run(*arguments: str) -> tuple[list[str], str]:
    """The lines of the standard output, and the standard error."""
    result = CliRunner().invoke(app, ["actions", *arguments])
    assert result.exit_code == 0, result.output
    return result.stdout.splitlines(), result.stderr


def test_open_items_of_public_incidents_are_printed_those_due_first(printed: Store) -> None:
    lines, err = run()
    assert [line.split("  ")[:4] for line in lines] == [
        ["open (overdue)", "Add an alert", "U0ANA", "due 2020-01-02"],
        ["open", "Write it down", "no owner", "no due date"],
    ]
    assert "1 of private incidents" in err


def test_options_choose_which(printed: Store) -> None:
    assert len(run("--all")[0]) == 3
    assert len(run("--private")[0]) == 3
    assert len(run("--overdue")[0]) == 1
    assert len(run("--owner", "U0ANA")[0]) == 1
    assert run("--owner", "U0BEN")[0] == ["No action items."]


def test_json_has_one_object_a_line(printed: Store) -> None:
    first, second = (json.loads(line) for line in run("--json")[0])
    assert (first["due_on"], first["overdue"], first["state"]) == ("2020-01-02", True, "open")
    assert (second["owner"], second["due_on"], second["private"]) == ("", None, False)
    assert run("--json", "--owner", "U0BEN")[0] == []
