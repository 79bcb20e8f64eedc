"""What the text of a runbook's file shows before it runs: its imports, and the lines of its functions."""

from __future__ import annotations

import ast
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from bot.runbook.parameters import BadDefinition

ALLOWED = "bot.runbook"
IMPURE = frozenset(
    (
        *("asyncio", "http", "importlib", "multiprocessing", "os", "pathlib", "random", "secrets"),
        *("shutil", "socket", "subprocess", "tempfile", "threading", "time", "urllib"),
    )
)
"""Modules of the standard library that read or change something other than the facts."""

FOREIGN_IMPORT = "it imports {name}: a runbook imports only bot.runbook and the standard library"
IMPURE_IMPORT = "it imports {name}, but a runbook reads only the facts and changes nothing"
DEFINED_TWICE = "it defines {name} twice"


@dataclass(frozen=True, kw_only=True)
class Problem:
    """What is wrong with a source: a file or an entry point. ``line`` is 0 where no line is to blame."""

    source: str
    line: int = 0
    error: str

    def __str__(self) -> str:
        where = f", line {self.line}" if self.line else ""
        return f"{self.source}{where}: {self.error.rstrip('.')}."


def problems(source: str, tree: ast.Module) -> Iterator[Problem]:
    """Yield what is wrong with the text of a file that can be parsed."""
    for node in ast.walk(tree):
        for name in _imported(node):
            top = name.partition(".")[0]
            words = ""
            if top in IMPURE:
                words = IMPURE_IMPORT
            elif name != ALLOWED and top not in sys.stdlib_module_names:
                words = FOREIGN_IMPORT
            if words:
                line = getattr(node, "lineno", 0)
                yield Problem(source=source, line=line, error=words.format(name=name))
    seen: Counter[str] = Counter()
    for function in _functions(tree):
        seen[function.name] += 1
        if seen[function.name] == 2:
            said = DEFINED_TWICE.format(name=function.name)
            yield Problem(source=source, line=function.lineno, error=said)


def line_of(tree: ast.Module, bad: BadDefinition) -> int:
    """Return the line of the function or the parameter that can't be used."""
    for function in _functions(tree):
        if function.name == bad.function:
            args = function.args
            given = (*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg)
            lines = [each.lineno for each in given if each and each.arg == bad.parameter]
            return lines[0] if lines else function.lineno
    return 0


def _imported(node: ast.AST) -> tuple[str, ...]:
    """The modules that a statement imports; a relative one begins with dots."""
    if isinstance(node, ast.Import):
        return tuple(each.name for each in node.names)
    if isinstance(node, ast.ImportFrom):
        return ("." * node.level + (node.module or ""),)
    return ()


def _functions(tree: ast.Module) -> list[ast.FunctionDef]:
    return [each for each in tree.body if isinstance(each, ast.FunctionDef)]
