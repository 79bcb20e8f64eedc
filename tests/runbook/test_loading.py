"""Files of runbooks: what is wrong with one names its line, and never stops the others."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from bot.runbook import loading
from bot.runbook.loading import load

GOOD = '''\
from bot.runbook import Draft, HubFacts, Purpose, runbook


@runbook("Look", purpose=Purpose.LOOK)
def {name}(facts: HubFacts) -> Draft:
    """Looks."""
    return Draft(nothing_to_do="Nothing.")
'''
HEAD = """\
from typing import Annotated, Literal

from bot.runbook import Draft, Field, HubFacts, NodeName, Purpose, Servers, runbook


@runbook("Look", purpose=Purpose.LOOK)
"""
DOC = '    """Looks."""\n    return Draft()\n'
BUILT_IN = set(load().runbooks)


def bad(text: str, folder: Path) -> list[str]:
    """What is wrong with a file of this text beside a good one, which loads."""
    (folder / "good.py").write_text(GOOD.format(name="look_twice"))
    file = folder / "other.py"
    file.write_text(text)
    loaded = load([folder])
    assert {*BUILT_IN, "look-twice"} <= set(loaded.runbooks)
    assert loaded.sources["look-twice"] == str(folder / "good.py")
    said = [str(problem) for problem in loaded.problems]
    assert all(each.startswith(str(file)) for each in said), said
    return [each.removeprefix(str(file)) for each in said]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("x = (\n", ", line 1: '(' was never closed."),
        ("\x00", ": source code string cannot contain null bytes."),
        ("x = 1\n", ": it defines no runbook: decorate a function with @runbook."),
        ("x = 1\n\n1 / 0\n", ", line 3: ZeroDivisionError: division by zero."),
        ("raise SystemExit(1)\n", ", line 1: it ends the program."),
        ("import bot.store\n", ", line 1: it imports bot.store: a runbook imports only"),
        (
            "x = 1\nfrom bot.domain.facts import HubFacts\n",
            ", line 2: it imports bot.domain.facts:",
        ),
        ("from . import other\n", ", line 1: it imports .: a runbook"),
        ("import httpx\n", ", line 1: it imports httpx: a runbook"),
        (
            "import datetime\n\nimport os.path\n",
            ", line 3: it imports os.path, but a runbook reads",
        ),
        (
            HEAD + "def look(facts: HubFacts) -> Draft:\n    return Draft()\n",
            ", line 7: it has no doc",
        ),
        (HEAD + "def look() -> Draft:\n" + DOC, ", line 7: it has no first parameter, which"),
        (
            HEAD + "def look(\n    facts: HubFacts,\n    node,\n) -> Draft:\n" + DOC,
            ", line 9: parameter node has no annotation.",
        ),
        (
            HEAD
            + "def look(\n    facts: HubFacts,\n    *,\n    size: complex,\n) -> Draft:\n"
            + DOC,
            ", line 10: parameter size has a type that no form can ask for: complex.",
        ),
        (
            HEAD + "def look(facts: HubFacts, **more: int) -> Draft:\n" + DOC,
            "parameter more can't be",
        ),
        (
            HEAD + "def look(facts: HubFacts, how: Literal[1, 2]) -> Draft:\n" + DOC,
            "is not a text of at most 75",
        ),
        (
            HEAD
            + "def look(facts: HubFacts, a: Servers = None, b: Servers = None) -> Draft:\n"
            + DOC,
            "parameter b is a second one that takes servers.",
        ),
        (
            HEAD
            + "def look(facts: HubFacts, n: Annotated[int, Field(le=5)] = 9) -> Draft:\n"
            + DOC,
            "parameter n has a default that it doesn't accept: “9” isn't a valid n: it can be at most 5.",
        ),
        (
            HEAD
            + "def look(facts: HubFacts, n: Annotated[bool, Field(pattern='x')] = True) -> Draft:\n"
            + DOC,
            "parameter n has constraints that don't suit its type.",
        ),
        (
            HEAD + "def look(facts: HubFacts, n: Nowhere) -> Draft:\n" + DOC,
            "line 7: NameError: name",
        ),
        (
            GOOD.format(name="resync_routes"),
            "defines runbook resync-routes, which runbooks/resync_",
        ),
        (
            GOOD.format(name="look") + "\n\n" + GOOD.format(name="look"),
            ", line 14: it defines look",
        ),
    ],
)
def test_what_is_wrong_names_its_line(tmp_path: Path, text: str, says: str) -> None:
    (said,) = bad(text, tmp_path)
    assert says in said


def test_each_bad_import_is_told(tmp_path: Path) -> None:
    said = bad("import httpx\nimport socket\n", tmp_path)
    assert [each.partition(":")[0] for each in said] == [", line 1", ", line 2"]


def test_a_file_with_a_bad_import_is_not_run(tmp_path: Path) -> None:
    (said,) = bad("import sys\nimport os\nsys.modules['ran'] = sys\n", tmp_path)
    assert "it imports os" in said
    assert "ran" not in sys.modules


def test_files_of_the_same_name_in_two_directories(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "mine.py").write_text(GOOD.format(name=f"look_{name}"))
    loaded = load([tmp_path / "one", tmp_path / "two", tmp_path / "one"])
    assert {"look-one", "look-two"} == set(loaded.runbooks) - BUILT_IN
    assert loaded.problems == ()


def test_a_directory_that_is_not_there(tmp_path: Path) -> None:
    loaded = load([tmp_path / "none"])
    assert [str(each) for each in loaded.problems] == [f"{tmp_path / 'none'}: it is no directory."]
    assert set(loaded.runbooks) == BUILT_IN


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package with the module ``teams_books.mine``, another without a file, and one that is bad."""
    package = tmp_path / "teams_books"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "mine.py").write_text(GOOD.format(name="look_in_package"))
    (package / "bad.py").write_text("1 / 0\n")
    points = [
        EntryPoint(name=name, value=f"teams_books.{name}", group=loading.ENTRY_POINTS)
        for name in ("mine", "none", "bad")
    ]
    monkeypatch.setattr(loading, "entry_points", lambda group: points)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield package
    for name in [name for name in sys.modules if name.startswith("teams_books")]:
        del sys.modules[name]


def test_a_package_brings_runbooks_by_its_entry_points(installed: Path) -> None:
    loaded = load()
    assert loaded.sources["look-in-package"] == "teams_books.mine (mine)"
    assert [str(each) for each in loaded.problems] == [
        "teams_books.none (none): there is no Python file of module teams_books.none.",
        "teams_books.bad (bad), line 1: ZeroDivisionError: division by zero.",
    ]
