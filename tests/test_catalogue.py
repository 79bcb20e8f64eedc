"""``mayday runbooks list`` and ``check``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot import cli
from tests.support.terminal import CLEAR, RESTART, RESYNC

GOOD = '''\
from datetime import timedelta
from typing import Annotated, Literal

from bot.runbook import Draft, Field, HubFacts, NodeName, Purpose, RunPolicy, runbook


@runbook("Move", purpose=Purpose.NODES, policy=RunPolicy(approvals=1))
def move_users(
    facts: HubFacts,
    node: NodeName,
    how: Literal["slowly", "now"] = "slowly",
    within: Annotated[timedelta, Field(description="How long it may take.")] = timedelta(hours=2),
) -> Draft:
    """Moves users."""
    return Draft(nothing_to_do="Nothing.")
'''


@pytest.fixture(autouse=True)
def books(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory of runbooks that is configured, with a good file and a bad one."""
    folder = tmp_path / "books"
    folder.mkdir()
    (folder / "good.py").write_text(GOOD)
    (folder / "bad.py").write_text("import os\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MAYDAY_RUNBOOKS__DIRECTORIES", json.dumps([str(folder)]))
    return folder


def said(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(cli.app, ["runbooks", *words])
    return done.exit_code, done.stdout


def test_the_list_is_by_what_runbooks_are_for(books: Path) -> None:
    ended, text = said("list")
    assert ended == 0
    lines = text.splitlines()
    order = [
        *("Users can't reach their servers", f"  {RESYNC} HUB", f"  {RESTART} HUB"),
        *(
            "A user's server is stuck or broken",
            next(each for each in lines if each.startswith(f"  {CLEAR} HUB [USER …]")),
        ),
        "A node or the core pool is in trouble",
        "  move-users HUB NODE [how=slowly|now] [within=2h]",
    ]
    assert sorted(order, key=lines.index) == order
    assert "      within: How long it may take." in lines
    (policy,) = (line for line in lines if str(books / "good.py") in line)
    assert "1 other person has to approve" in policy
    assert "1 not loaded: `mayday runbooks check` says why." in lines


def test_the_list_as_json_has_the_configured_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    policies = {"move-users": {"approvals": 2}, "of-the-bad-file": {"approvals": 1}}
    monkeypatch.setenv("MAYDAY_RUNBOOKS__POLICIES", json.dumps(policies))
    _, text = said("list", "--json")
    found = json.loads(text[text.index("{") :])
    (move,) = (each for each in found["runbooks"] if each["name"] == "move-users")
    assert move["policy"]["approvals"] == 2
    assert [each["name"] for each in move["parameters"]] == ["node", "how", "within"]
    assert len(found["problems"]) == 1


def test_the_check_names_the_bad_file_and_passes_without_it(books: Path) -> None:
    ended, text = said("check")
    assert ended == 1
    assert f"✓ {books / 'good.py'}: move-users" in text
    assert f"✓ runbooks/{RESYNC.replace('-', '_')}.py: {RESYNC}" in text
    assert f"✗ {books / 'bad.py'}, line 1: it imports os" in text
    (books / "bad.py").unlink()
    assert said("check")[0] == 0


def test_chosen_files_alone_are_checked(books: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine.py"
    mine.write_text(GOOD.replace("move_users", "mine"))
    ended, text = said("check", str(mine))
    assert (ended, text) == (0, f"✓ {mine}: mine\n")
    mine.write_text(GOOD)
    ended, text = said("check", str(mine))
    assert ended == 1
    assert f"defines runbook move-users, which {books / 'good.py'} defines already." in text
    ended, text = said("check", str(books / "bad.py"))
    assert ended == 1
    assert "good.py" not in text
    assert said("check", str(books / "good.py"))[0] == 0
    ended, text = said("check", str(tmp_path / "none.py"))
    assert ended == 1
    assert "it can't be read: No such file" in text


def test_a_value_that_is_none_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    done = CliRunner().invoke(
        cli.app, ["runbooks", "plan", "move-users", "--hub", "a", "--set", "node"]
    )
    assert "--set node: write it as name=value." in str(done.exception)
