"""Repository rules that no tool checks: file contents, and the README's layout tree."""

from __future__ import annotations

import ast
import json
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LINES = 400
"""The maximum number of lines in a file."""

WRITTEN = {".py", ".js", ".mjs", ".css", ".html", ".md", ".yaml", ".toml", ".j2", ""}
"""Handwritten files. Pins and lock files have no limit."""

FOREIGN = {
    "a path of one machine": re.compile(r"(?<![\w.}])/(?:home|Users|root|work|tmp)/[\w.-]+"),
    "a package registry's address": re.compile(
        r"--(?:extra-)?index-url|\bregistry\s*=\s*[\"']?http|\"resolved\":\s*\"http"
    ),
}


@pytest.fixture(scope="module")
def tracked() -> list[Path]:
    """All files that git has or would add."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip(f"this is no git checkout: {listed.stderr.strip()}")
    return [Path(name) for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def text(file: Path) -> str:
    return (ROOT / file).read_text(encoding="utf-8")


def test_every_file_is_text(tracked: list[Path]) -> None:
    binary = [file for file in tracked if b"\0" in (ROOT / file).read_bytes()]
    assert binary == []


@pytest.mark.parametrize("what", FOREIGN)
def test_nothing_points_out_of_the_repository(tracked: list[Path], what: str) -> None:
    found = [
        f"{file}:{number}: {line.strip()[:120]}"
        for file in tracked
        if file != Path(__file__).relative_to(ROOT)
        for number, line in enumerate(text(file).splitlines(), start=1)
        if FOREIGN[what].search(line)
    ]
    assert found == [], what


def test_locks_of_node_name_versions_and_no_addresses(tracked: list[Path]) -> None:
    locks = [file for file in tracked if file.name == "package-lock.json"]
    assert locks
    for lock in locks:
        packages = json.loads(text(lock))["packages"]
        assert [name for name, package in packages.items() if "resolved" in package] == []
        assert all(package.get("integrity") for name, package in packages.items() if name)


def test_constraints_pin_exactly(tracked: list[Path]) -> None:
    assert Path("constraints.txt") in tracked
    for line in text(Path("constraints.txt")).splitlines():
        assert re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+|#.*|", line), line


def test_every_module_says_why_it_exists(tracked: list[Path]) -> None:
    silent = [
        str(file)
        for file in tracked
        if file.suffix == ".py" and not ast.get_docstring(ast.parse(text(file)))
    ]
    assert silent == []


def test_no_file_is_too_long_to_read(tracked: list[Path]) -> None:
    long = {
        str(file): len(text(file).splitlines())
        for file in tracked
        if file.suffix in WRITTEN
        and file.name != "README.md"
        and len(text(file).splitlines()) > LINES
    }
    assert long == {}


def test_the_layout_in_the_readme_lists_every_file_and_folder(tracked: list[Path]) -> None:
    fences = re.findall(r"^```text\n(bot/\n.*?)^```$", text(Path("README.md")), re.S | re.M)
    (picture,) = fences
    lines = picture.splitlines()
    shown = {line.split()[0] for line in lines if line.startswith("  ")}
    entries = {
        f"{file.parts[1]}/" if len(file.parts) > 2 else file.parts[1]
        for file in tracked
        if file.parts[0] == "bot"
    }
    assert shown == entries
    top = {line.split()[0] for line in lines if not line.startswith(" ")}
    folders = {f"{file.parts[0]}/" for file in tracked if len(file.parts) > 1}
    assert top == {folder for folder in folders if not folder.startswith(".")}


def test_the_sandboxs_tests_import_nothing_of_the_product(tracked: list[Path]) -> None:
    """The same applies to ``tests/conftest.py`` and imported helpers at import time."""
    own = [f for f in tracked if f.parts[:2] == ("tests", "sandbox") and f.suffix == ".py"]
    found = {file: imported(file, everywhere=True) for file in own}
    left = [Path("tests/conftest.py"), *helpers(found)]
    while left:
        file = left.pop()
        if file not in found:
            found[file] = imported(file, everywhere=False)
            left += helpers({file: found[file]})
    assert len(found) > len(own) > 0
    product = {"bot", "runbooks", "migrations"}
    assert [(str(f), n) for f, names in found.items() for n in names if root(n) in product] == []


def imported(file: Path, *, everywhere: bool) -> set[str]:
    """The modules that a file imports at once or, if ``everywhere``, at any time."""
    tree = ast.parse(text(file))
    names: set[str] = set()
    for node in ast.walk(tree) if everywhere else tree.body:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}", *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def helpers(found: dict[Path, set[str]]) -> list[Path]:
    """The files of ``tests`` among the modules that are imported."""
    names = {name for names in found.values() for name in names if root(name) == "tests"}
    files = [Path(f"{name.replace('.', '/')}.py") for name in names]
    return [file for file in files if (ROOT / file).is_file()]


def root(module: str) -> str:
    return module.partition(".")[0]
