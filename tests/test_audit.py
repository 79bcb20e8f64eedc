"""``mayday audit`` on the terminal, and the lines of other commands there."""

from __future__ import annotations

import getpass
import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from sqlalchemy import delete, update
from typer.testing import CliRunner

from bot.audit import print_lines, verify
from bot.cli import app
from bot.config import Config, load
from bot.doctor import put_back
from bot.domain.audit import AuditLine, AuditOutcome
from bot.errors import UserError
from bot.services.audit import Audit, terminal
from bot.store.engine import Store
from bot.store.tables import audit
from tests.support.doctoring import deliver

BOTH = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def config(store: Store) -> Config:
    return load(overrides={"database": {"url": store.url}})


def written(store: Store) -> None:
    """Three lines, of two incidents."""
    for number, incident in enumerate(("inc1", "inc2", "inc1"), start=1):
        line = AuditLine(
            actor="U0ANA",
            act="incident.status",
            outcome=AuditOutcome.DONE if number < 3 else AuditOutcome.FAILED,
            incident_id=incident,
            origin="command status in C1",
            reason="" if number < 3 else "[red]no[/red]",
            before={"status": "a"},
            after={"status": f"b{number}"},
        )
        Audit(store).record(line)


def shown(config: Config, **options: Any) -> str:
    out = io.StringIO()
    chosen = {"incident_id": "", "limit": 50, "as_json": False, **options}
    print_lines(config, out=Console(file=out, width=80), **chosen)
    return out.getvalue()


def checked(config: Config, *, as_json: bool = False) -> tuple[bool, str]:
    out = io.StringIO()
    return verify(config, as_json=as_json, out=Console(file=out, width=80)), out.getvalue()


def test_lines_are_printed(store: Store, config: Config) -> None:
    assert "no such lines" in shown(config)
    written(store)
    first, second, third = shown(config).splitlines()
    assert "U0ANA · incident.status · inc1 · command status in C1" in first
    assert '{"status": "a"} → {"status": "b2"}' in second
    assert "failed" in third and "([red]no[/red])" in third
    assert shown(config, limit=1).splitlines() == [third]
    assert shown(config, incident_id="inc2").splitlines() == [second]


@pytest.mark.parametrize("as_json", [False, True])
def test_what_people_typed_does_nothing_to_the_terminal(
    store: Store, config: Config, as_json: bool
) -> None:
    typed = "\x1b[1A\x1b[2K\x9b2K\u202e\n     9 2017-02-24 00:00:00Z allowed"
    refused = AuditLine(
        actor="U0EVE",
        act="change",
        outcome=AuditOutcome.REFUSED,
        reason=typed,
        after={"text": typed},
    )
    Audit(store).record(refused)
    printed = shown(config, as_json=as_json)
    assert all(character.isprintable() or character == "\n" for character in printed)
    assert as_json or len(printed.splitlines()) == 1


def test_lines_are_printed_as_json(store: Store, config: Config) -> None:
    written(store)
    found = json.loads(shown(config, as_json=True))
    assert [line["number"] for line in found] == [1, 2, 3]
    assert found[2]["previous"] == found[1]["hash"]
    assert found[0]["after"] == {"status": "b1"}


@BOTH
def test_the_log_is_verified(store: Store, config: Config) -> None:
    written(store)
    well, said = checked(config)
    assert well
    assert "intact: 3 lines" in said
    assert Audit(store).latest(limit=1)[0].hash in said


@BOTH
@pytest.mark.parametrize("number", [0, -7])
def test_a_line_before_the_first_is_named(store: Store, config: Config, number: int) -> None:
    """``mayday audit`` would print it, and its hash can be right."""
    written(store)
    with store.write() as tx:
        first = tx.execute(audit.select().where(audit.c.number == 1)).mappings().one()
        tx.execute(audit.insert().values({**first, "number": number, "actor": "U0EVE"}))
    well, printed = checked(config)
    assert not well
    assert f"Line {number} was added." in printed
    assert "Faults found: 1." in printed


@BOTH
@pytest.mark.parametrize(
    ("statement", "said"),
    [
        (update(audit).where(audit.c.number == 2).values(actor="U0EVE"), "Line 2 was changed."),
        (delete(audit).where(audit.c.number == 2), "Line 2 is missing."),
        (delete(audit).where(audit.c.number == 3), "Line 3 is missing."),
        (
            update(audit).where(audit.c.number > 1).values(number=-audit.c.number + 5 + 100),
            "Line 2 is missing.",
        ),
    ],
    ids=["changed", "removed", "last removed", "moved"],
)
def test_tampering_is_named(store: Store, config: Config, statement: Any, said: str) -> None:
    written(store)
    with store.write() as tx:
        tx.execute(statement)
    well, printed = checked(config)
    assert not well
    assert said in printed
    well, printed = checked(config, as_json=True)
    assert not well
    assert json.loads(printed)["faults"][0]["number"] in (2, 3)


def test_the_command_exits_with_one_if_a_line_was_changed(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAYDAY_DATABASE__URL", store.url)
    written(store)
    run = CliRunner().invoke
    assert run(app, ["audit", "--verify"]).exit_code == 0
    assert run(app, ["audit", "--limit", "1"]).exit_code == 0
    with store.write() as tx:
        tx.execute(update(audit).where(audit.c.number == 1).values(reason="x"))
    assert run(app, ["audit", "--verify"]).exit_code == 1


def test_without_a_database_a_sentence_says_so(tmp_path: Path) -> None:
    config = load(overrides={"database": {"url": f"sqlite:///{tmp_path / 'none.db'}"}})
    with pytest.raises(UserError, match="doesn't exist"):
        checked(config)
    assert list(tmp_path.iterdir()) == []


@BOTH
def test_a_delivery_that_is_put_back_is_in_the_log(store: Store, config: Config) -> None:
    deliver(store, "event/Ev1", given_up=True, error="x")
    put_back(config, "event/Ev1", Console(file=io.StringIO()))
    (found,) = Audit(store).latest(limit=9)
    assert found.line.actor == f"terminal:{getpass.getuser()}"
    assert (found.line.act, found.line.target) == ("delivery.retry", "event/Ev1")


def test_an_account_without_a_name_is_named_by_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown() -> str:
        raise KeyError("uid not found")

    monkeypatch.setattr(getpass, "getuser", unknown)
    assert terminal().removeprefix("terminal:").isdigit()
