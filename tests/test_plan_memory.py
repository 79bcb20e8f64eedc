"""What ``mayday runbooks plan`` stores between two calls, and unusable databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.domain.hubs import Server
from bot.errors import RetryLater
from bot.plan import Exit
from bot.store.engine import Store
from tests.support.hubs import NOW, server
from tests.support.scripted import hung
from tests.support.terminal import (
    Begin,
    begin,
    unsent,
)

__all__ = ["begin"]

# --- since when ---------------------------------------------------------------------------------


def test_since_when_a_stop_is_pending_is_kept_between_two_calls(begin: Begin) -> None:
    terminal = begin(unsent())
    ended, said = terminal.json()
    assert (ended, said["rows"][0]["condition"]) == (Exit.NOTHING_TO_DO, "stopping")
    assert "Still stopping or being checked: ana." in said["nothing_to_do"]
    terminal.after(minutes=1)
    assert terminal.json()[0] is Exit.NOTHING_TO_DO
    terminal.after(minutes=1, seconds=1)
    ended, said = terminal.json()
    assert (ended, said["rows"][0]["condition"]) == (Exit.STEPS, "unsent_stop")
    assert [(step["verb"], step["target"]) for step in said["steps"]] == [
        ("delete_pod", "jupyter-ana")
    ]


def test_a_sighting_of_long_before_may_have_been_of_another_stop(begin: Begin) -> None:
    terminal = begin(unsent())
    terminal.run()
    terminal.after(minutes=16)
    assert terminal.json()[1]["rows"][0]["condition"] == "stopping"
    terminal.after(minutes=3)
    assert terminal.json()[1]["rows"][0]["condition"] == "unsent_stop"


@pytest.mark.parametrize(
    "other",
    [
        replace(server("ana", pending="stop"), started=NOW - timedelta(minutes=30)),
        server("ana", pending="check"),
    ],
    ids=["another start", "another state"],
)
def test_the_age_begins_again_with_another_start_or_state(begin: Begin, other: Server) -> None:
    terminal = begin(unsent())
    terminal.run()
    terminal.after(minutes=3)
    terminal.party.records[0] = other
    assert terminal.json()[1]["rows"][0]["condition"] in ("stopping", "checking")


def test_what_ended_in_between_begins_again(begin: Begin) -> None:
    terminal = begin(unsent())
    terminal.run()
    stopping, terminal.party.records[0] = terminal.party.records[0], server("ana")
    terminal.run()
    terminal.party.records[0] = stopping
    terminal.after(minutes=3)
    assert terminal.json()[1]["rows"][0]["condition"] == "stopping"


def test_while_the_hub_is_silent_nothing_of_that_is_forgotten(begin: Begin) -> None:
    terminal = begin(unsent())
    terminal.run()
    terminal.after(minutes=1)
    terminal.party.fails = {"servers": RetryLater("No answer.")}
    assert terminal.run() is Exit.UNKNOWN
    terminal.party.fails = {}
    terminal.after(minutes=2)
    assert terminal.json()[1]["rows"][0]["condition"] == "unsent_stop"


# --- the database -------------------------------------------------------------------------------


def test_a_database_of_another_version_stops_no_plan_and_is_left_as_it_is(begin: Begin) -> None:
    terminal = begin(hung())
    store = Store(terminal.url)
    with store.write() as tx:
        tx.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
        tx.execute(text("INSERT INTO alembic_version VALUES ('9999_of_tomorrow')"))
        before = tx.execute(text("SELECT name, sql FROM sqlite_master ORDER BY name")).all()
    assert terminal.run() is Exit.STEPS
    with store.read() as tx:
        assert tx.execute(text("SELECT name, sql FROM sqlite_master ORDER BY name")).all() == before
    store.close()


@pytest.mark.parametrize(
    "url",
    ["postgresql://mayday:secret@127.0.0.1:1/mayday", "sqlite:///{tmp}/folder", "nonsense"],
    ids=["nobody there", "a directory", "no URL"],
)
def test_a_database_that_cannot_be_reached_stops_no_plan(
    begin: Begin, tmp_path: Path, url: str
) -> None:
    (tmp_path / "folder").mkdir()
    terminal = begin(hung())
    terminal.url = url.format(tmp=tmp_path)
    ended, said = terminal.json()
    assert (ended, len(said["steps"])) == (Exit.STEPS, 1)
    assert "secret" not in terminal.said


def test_a_file_that_is_no_database_stops_no_plan(begin: Begin, tmp_path: Path) -> None:
    (tmp_path / "mayday.db").write_text("This is no database. " * 400)
    assert begin(hung()).run() is Exit.STEPS
    assert (tmp_path / "mayday.db").read_text() == "This is no database. " * 400


def test_without_a_database_a_pending_stop_is_not_called_well(begin: Begin, tmp_path: Path) -> None:
    """Its age is unknown, so it never counts as stuck."""
    terminal = begin(unsent())
    terminal.url = "postgresql://mayday@127.0.0.1:1/mayday"
    for _ in range(2):
        ended, said = terminal.json()
        assert ended is Exit.NOTHING_TO_DO
        assert "Still stopping or being checked: ana." in said["nothing_to_do"]
        assert "doesn't know how long servers have been stopping" in said["cautions"][0]
        terminal.after(minutes=10)
