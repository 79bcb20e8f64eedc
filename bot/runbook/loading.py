"""Finds runbooks: those that come with mayday, those in configured directories and in installed packages.

A file defines its runbooks with the decorator :func:`bot.runbook.runbook`. A bad file never stops the
others: what is wrong with it is returned beside the runbooks.
"""

from __future__ import annotations

import importlib.util
import sys
import traceback
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType

from bot.runbook.definition import Purpose, Runbook

PACKAGE = "runbooks"
ENTRY_POINTS = "mayday.runbooks"
"""The group of entry points; each names a module that defines runbooks."""

SAME_NAME = "{source} defines runbook {name}, which {other} defines already."
NONE_DEFINED = "{source} defines no runbook: decorate a function with @runbook."
BROKEN = "{source}, line {line}: {error}"
UNREADABLE = "{source} can't be read: {error}"


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """The runbooks by name, in the order of their purposes, the safe ones first.

    ``problems`` has a sentence for each file that is bad. ``sources`` has the file or the entry point of
    each runbook, by its name.
    """

    runbooks: dict[str, Runbook]
    problems: tuple[str, ...] = ()
    sources: dict[str, str]


def load(directories: Iterable[Path] = ()) -> Loaded:
    """Return every runbook that can be loaded."""
    found: dict[str, Runbook] = {}
    sources: dict[str, str] = {}
    problems: list[str] = []
    for source, defined, problem in _everything(directories):
        if problem:
            problems.append(problem)
        for each in defined:
            if each.name in found:
                other = sources[each.name]
                problems.append(SAME_NAME.format(source=source, name=each.name, other=other))
            else:
                found[each.name], sources[each.name] = each, source
    order = list(Purpose)
    ranked = sorted(found.values(), key=lambda each: (order.index(each.purpose), not each.is_safe))
    return Loaded(
        runbooks={each.name: each for each in ranked}, problems=tuple(problems), sources=sources
    )


def _everything(directories: Iterable[Path]) -> Iterator[tuple[str, list[Runbook], str]]:
    """Yield for each source its name, its runbooks, and what is wrong with it."""
    own = importlib.util.find_spec(PACKAGE)
    folders = [Path(folder) for folder in (own.submodule_search_locations or ())] if own else []
    for folder in folders:
        for path in sorted(folder.glob("[a-z]*.py")):
            yield _module(f"{PACKAGE}/{path.name}", f"{PACKAGE}.{path.stem}", path)
    for folder in directories:
        paths = sorted(folder.glob("[a-z]*.py")) if folder.is_dir() else []
        if not folder.is_dir():
            yield str(folder), [], UNREADABLE.format(source=folder, error="it is no directory")
        for path in paths:
            yield _module(str(path), f"_mayday_runbook_{path.stem}", path)
    for point in entry_points(group=ENTRY_POINTS):
        source = f"{point.value} ({point.name})"
        try:
            yield source, *_defined(source, point.load())
        except Exception as exc:  # noqa: BLE001 - an author's module may raise anything
            yield source, [], BROKEN.format(source=source, line=_line(exc, ""), error=_said(exc))


def _module(source: str, name: str, path: Path) -> tuple[str, list[Runbook], str]:
    try:
        if name in sys.modules:
            return source, *_defined(source, sys.modules[name])
        spec = importlib.util.spec_from_file_location(name, path)
        if spec is None or spec.loader is None:
            return source, [], UNREADABLE.format(source=source, error="it is no Python file")
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        try:
            spec.loader.exec_module(module)
        except BaseException:
            del sys.modules[name]
            raise
    except Exception as exc:  # noqa: BLE001 - an author's file may raise anything
        line = _line(exc, str(path))
        return source, [], BROKEN.format(source=source, line=line, error=_said(exc))
    return source, *_defined(source, module)


def _defined(source: str, module: ModuleType) -> tuple[list[Runbook], str]:
    defined = [value for value in vars(module).values() if isinstance(value, Runbook)]
    return defined, "" if defined else NONE_DEFINED.format(source=source)


def _line(exc: Exception, path: str) -> int:
    """Return the line of the author's file at which it failed."""
    if isinstance(exc, SyntaxError):
        return exc.lineno or 0
    frames = traceback.extract_tb(exc.__traceback__)
    lines = [frame.lineno or 0 for frame in frames if not path or frame.filename == path]
    return lines[-1] if lines else 0


def _said(exc: Exception) -> str:
    text = exc.msg if isinstance(exc, SyntaxError) else str(exc)
    return f"{text or type(exc).__name__}"
