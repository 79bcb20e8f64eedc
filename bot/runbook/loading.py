"""Finds runbooks: those that come with mayday, those in configured directories and in installed packages.

A file defines its runbooks with the decorator :func:`bot.runbook.runbook`. A bad file never stops the
others: what is wrong with it is returned beside the runbooks.
"""

from __future__ import annotations

import ast
import hashlib
import importlib
import importlib.util
import inspect
import sys
import traceback
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType

from bot.runbook.checking import Problem, line_of, problems
from bot.runbook.definition import Purpose, Runbook
from bot.runbook.parameters import BadDefinition

PACKAGE = "runbooks"
ENTRY_POINTS = "mayday.runbooks"
"""The group of entry points; each names a module that defines runbooks."""

SAME_NAME = "it defines runbook {name}, which {other} defines already"
NONE_DEFINED = "it defines no runbook: decorate a function with @runbook"
UNREADABLE = "it can't be read: {error}"
NO_DIRECTORY = "it is no directory"
NO_MODULE = "there is no Python file of module {module}"
ENDS = "it ends the program"


@dataclass(frozen=True, kw_only=True)
class Source:
    """A file of runbooks. ``module`` is its name if it is part of a package."""

    name: str
    path: Path
    module: str = ""


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """The runbooks by name, in the order of their purposes, the safe ones first.

    ``problems`` are what is wrong with files. ``sources`` has the file or the entry point of each runbook,
    by its name.
    """

    runbooks: dict[str, Runbook]
    problems: tuple[Problem, ...] = ()
    sources: dict[str, str] = field(default_factory=dict)


def load(directories: Iterable[Path] = (), files: Iterable[Path] = ()) -> Loaded:
    """Return every runbook that can be loaded: mayday's, and those of directories, packages and files."""
    found: dict[str, Runbook] = {}
    sources: dict[str, str] = {}
    bad: list[Problem] = []
    seen: set[Path] = set()
    for source in _sources(directories, files):
        if isinstance(source, Problem):
            bad.append(source)
            continue
        if source.path.resolve() in seen:
            continue
        seen.add(source.path.resolve())
        defined, wrong = _defined(source)
        bad += wrong
        for each in defined:
            if each.name in found:
                error = SAME_NAME.format(name=each.name, other=sources[each.name])
                line = inspect.unwrap(each.draft).__code__.co_firstlineno
                bad.append(Problem(source=source.name, line=line, error=error))
            else:
                found[each.name], sources[each.name] = each, source.name
    order = list(Purpose)
    ranked = sorted(found.values(), key=lambda each: (order.index(each.purpose), not each.is_safe))
    return Loaded(
        runbooks={each.name: each for each in ranked}, problems=tuple(bad), sources=sources
    )


def _sources(directories: Iterable[Path], files: Iterable[Path]) -> Iterator[Source | Problem]:
    own = importlib.util.find_spec(PACKAGE)
    for location in (own.submodule_search_locations or ()) if own else ():
        for path in sorted(Path(location).glob("[a-z]*.py")):
            name = f"{PACKAGE}/{path.name}"
            yield Source(name=name, path=path, module=f"{PACKAGE}.{path.stem}")
    for folder in directories:
        if not folder.is_dir():
            yield Problem(source=str(folder), error=NO_DIRECTORY)
        for path in sorted(folder.glob("[a-z]*.py")):
            yield Source(name=str(path), path=path)
    for point in entry_points(group=ENTRY_POINTS):
        name = f"{point.value} ({point.name})"
        try:
            spec = importlib.util.find_spec(point.module)
        except (ImportError, ValueError, SyntaxError):
            spec = None
        if spec is None or not spec.origin or not spec.origin.endswith(".py"):
            yield Problem(source=name, error=NO_MODULE.format(module=point.module))
        else:
            yield Source(name=name, path=Path(spec.origin), module=point.module)
    for path in files:
        yield Source(name=str(path), path=path)


def _defined(source: Source) -> tuple[list[Runbook], list[Problem]]:
    """Return the runbooks of a file, or what is wrong with it. A file whose text is bad isn't run."""
    try:
        tree = ast.parse(source.path.read_bytes(), filename=str(source.path))
    except OSError as exc:
        error = UNREADABLE.format(error=exc.strerror or exc)
        return [], [Problem(source=source.name, error=error)]
    except (SyntaxError, ValueError) as exc:
        error = exc.msg if isinstance(exc, SyntaxError) else str(exc)
        line = (exc.lineno or 0) if isinstance(exc, SyntaxError) else 0
        return [], [Problem(source=source.name, line=line, error=error)]
    if wrong := list(problems(source.name, tree)):
        return [], wrong
    try:
        module = _module(source)
    except (Exception, SystemExit) as exc:  # noqa: BLE001 - an author's file may raise anything
        bad = isinstance(exc, BadDefinition)
        line = line_of(tree, exc) if isinstance(exc, BadDefinition) else _line(exc, source.path)
        error = str(exc) if bad else ENDS if isinstance(exc, SystemExit) else _said(exc)
        return [], [Problem(source=source.name, line=line, error=error)]
    values = {id(value): value for value in vars(module).values()}
    defined = [value for value in values.values() if isinstance(value, Runbook)]
    return defined, [] if defined else [Problem(source=source.name, error=NONE_DEFINED)]


def _module(source: Source) -> ModuleType:
    """Import the file. One outside of packages gets a module name of its own and is always loaded again."""
    if source.module:
        return importlib.import_module(source.module)
    path = source.path.resolve()
    name = f"_mayday_runbook_{path.stem}_{hashlib.sha256(bytes(path)).hexdigest()[:12]}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(UNREADABLE.format(error="it is no Python file"))
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # where the annotations of its functions are looked up
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _line(exc: BaseException, path: Path) -> int:
    """Return the line of the author's file at which it failed."""
    frames = traceback.extract_tb(exc.__traceback__)
    lines = [
        frame.lineno or 0 for frame in frames if Path(frame.filename) in (path, path.resolve())
    ]
    return lines[-1] if lines else 0


def _said(exc: BaseException) -> str:
    text = " ".join(str(exc).split())
    return f"{type(exc).__name__}: {text}" if text else type(exc).__name__
