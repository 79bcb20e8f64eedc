"""Checks and renders the templates of a form.

A template may only use what is listed here: conditions, loops over what it is given, and includes from its
own folder. So it can't read files, call functions of Python, or run for long.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from jinja2 import (
    FunctionLoader,
    StrictUndefined,
    TemplateError,
    TemplateSyntaxError,
    Undefined,
    nodes,
    pass_context,
)
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from bot.errors import UserError

MAIN = "report.md.j2"
OUTPUT_LIMIT = 4_000_000
"""Characters of a report. GitHub's limits are lower; an incident with thousands of entries stays below it."""
STEP_LIMIT = 200_000
"""Rounds of all loops."""
SECONDS = 10.0

SYNTAX = "{reason}"
NOT_ALLOWED = "a template can't use {what}"
UNKNOWN_NAME = 'there is no value "{name}": use one of {known}'
UNKNOWN_FUNCTION = "a template can call only {known}"
UNKNOWN_FILTER = 'the filter "{name}" isn\'t available: use one of {known}'
NO_FILE = 'the folder has no template "{name}"'
NESTED = 'the included template "{name}" includes another: include both in {main}'
NOT_TEXT = "it prints a value of type {kind}, which has no text of its own"
TOO_LONG = "it writes more than {limit} characters"
TOO_MANY_STEPS = "its loops have more than {limit} rounds"
TOO_SLOW = "it takes more than {seconds:.0f} s"
FAILED = 'The template {file} of the form "{form}" can\'t be used (line {line}): {reason}.'

FILTERS = ("capitalize", "default", "first", "join", "last", "length", "lower", "upper")
_NODES = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.Tuple),
    *(nodes.If, nodes.For, nodes.Include, nodes.CondExpr, nodes.Compare, nodes.Operand, nodes.List),
    *(nodes.Not, nodes.And, nodes.Or, nodes.Getattr, nodes.Call, nodes.Filter, nodes.Test),
)
_COUNTED = "counted"
_WORDS = {
    "Assign": "set", "AssignBlock": "set", "Add": "arithmetic", "Concat": "~", "Mul": "arithmetic",
    "Pow": "arithmetic", "Sub": "arithmetic", "Getitem": "indexes in brackets",
}  # fmt: skip
"""What templates call some nodes."""


class _Environment(ImmutableSandboxedEnvironment):
    """The sandbox. Every loop counts its rounds."""

    def _generate(self, source: nodes.Template, *args: Any, **options: Any) -> str:
        for loop in source.find_all(nodes.For):
            counted = nodes.Filter(loop.iter, _COUNTED, [], [], None, None, lineno=loop.lineno)
            loop.iter = counted.set_environment(self)
        return super()._generate(source, *args, **options)


class _Budget:
    """What is left of the limits of one rendering."""

    def __init__(self) -> None:
        self._steps = 0
        self._end = time.monotonic() + SECONDS

    def loop(self, values: Iterable[Any]) -> tuple[Any, ...]:
        """Return the values of a loop."""
        found = tuple(values)
        self._steps += len(found)
        if self._steps > STEP_LIMIT:
            raise SecurityError(TOO_MANY_STEPS.format(limit=STEP_LIMIT))
        self.check_time()
        return found

    def check_time(self) -> None:
        """Return if there is time left."""
        if time.monotonic() > self._end:
            raise SecurityError(TOO_SLOW.format(seconds=SECONDS))


class TemplateProblem(UserError):
    """A template that can't be used, with its file and line."""


def check(
    form: str,
    templates: tuple[tuple[str, str], ...],
    *,
    values: Iterable[str],
    functions: Iterable[str],
) -> None:
    """Return if the templates use only what they may: these values, and calls of these functions.

    Raises:
        TemplateProblem: they don't.
    """
    known, callable_names = set(values) | set(functions), sorted(functions)
    texts = dict(templates)
    environment = _environment(templates)
    included: set[str] = set()
    for file, text in templates:
        try:
            tree = environment.parse(text)
        except TemplateSyntaxError as exc:
            raise _problem(form, file, exc.lineno, SYNTAX.format(reason=exc.message)) from exc
        for line, reason in _misused(tree, known, callable_names):
            raise _problem(form, file, line, reason)
        for node in tree.find_all(nodes.Include):
            name = node.template.value if isinstance(node.template, nodes.Const) else ""
            if name not in texts:
                raise _problem(form, file, node.lineno, NO_FILE.format(name=name))
            if file != MAIN:
                reason = NESTED.format(name=file, main=MAIN)
                raise _problem(form, file, node.lineno, reason)
            included.add(name)
    if MAIN in included:
        raise _problem(form, MAIN, 1, NESTED.format(name=MAIN, main=MAIN))


def render(form: str, templates: tuple[tuple[str, str], ...], values: Mapping[str, Any]) -> str:
    """Return the text of the main template with these values.

    Raises:
        TemplateProblem: a value is missing, or a limit is exceeded.
    """
    budget = _Budget()
    written: list[str] = []
    length = 0
    try:
        main = _environment(templates).get_template(MAIN)
        for chunk in main.generate(**values, **{_COUNTED: budget}):
            length += len(chunk)
            if length > OUTPUT_LIMIT:
                raise SecurityError(TOO_LONG.format(limit=OUTPUT_LIMIT))
            budget.check_time()
            written.append(chunk)
    except TemplateSyntaxError as exc:
        raise _problem(form, exc.name or MAIN, exc.lineno, str(exc.message)) from exc
    except (TemplateError, TypeError, ValueError, LookupError, ArithmeticError) as exc:
        file, line = _place(exc, dict(templates))
        raise _problem(form, file, line, str(exc).rstrip(".")) from exc
    return "".join(written)


@lru_cache(maxsize=32)
def _environment(templates: tuple[tuple[str, str], ...]) -> _Environment:
    """The sandbox with these templates. The output is Markdown, for which HTML escaping is wrong."""
    texts = dict(templates)
    environment = _Environment(
        # The name of the file is also that in a traceback.
        loader=FunctionLoader(lambda name: (texts[name], name, None) if name in texts else None),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,
        finalize=_printed,
    )
    environment.globals.clear()
    environment.filters = {
        **_FILTERS,
        **{name: environment.filters[name] for name in ("default", "first", "last", "length")},
        _COUNTED: _counted,
    }
    return environment


def _printed(value: Any) -> Any:
    """Return what a template prints. The form in which Python shows other values would undo escapes."""
    return value if isinstance(value, int | Undefined) else _text(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(NOT_TEXT.format(kind=type(value).__name__))
    return value


_FILTERS: Mapping[str, Callable[..., Any]] = {
    "capitalize": lambda value: _text(value).capitalize(),
    "join": lambda values, between="": _text(between).join(map(_text, values)),
    "lower": lambda value: _text(value).lower(),
    "upper": lambda value: _text(value).upper(),
}


@pass_context
def _counted(context: Any, values: Iterable[Any]) -> tuple[Any, ...]:
    budget: _Budget = context[_COUNTED]
    return budget.loop(values)


def _misused(
    tree: nodes.Template, known: set[str], functions: list[str]
) -> Iterator[tuple[int, str]]:
    """The line and the reason of everything that a template may not use, or that doesn't exist."""
    local = {"loop"} | {
        name.name for loop in tree.find_all(nodes.For) for name in loop.target.find_all(nodes.Name)
    }
    local |= {
        each.target.name for each in tree.find_all(nodes.For) if isinstance(each.target, nodes.Name)
    }
    for node in tree.find_all(nodes.Node):
        reason = _reason(node, known | local, functions)
        if reason:
            yield node.lineno or 1, reason


def _reason(node: nodes.Node, known: set[str], functions: list[str]) -> str:
    if not isinstance(node, _NODES):
        name = type(node).__name__
        return NOT_ALLOWED.format(what=_WORDS.get(name, f'"{name.lower()}"'))
    if isinstance(node, nodes.For) and node.recursive:
        return NOT_ALLOWED.format(what="recursive loops")
    if isinstance(node, nodes.Getattr) and node.attr.startswith("_"):
        return NOT_ALLOWED.format(what=f'the attribute "{node.attr}"')
    if isinstance(node, nodes.Name) and node.name not in known:
        return UNKNOWN_NAME.format(name=node.name, known=", ".join(sorted(known - {"loop"})))
    if isinstance(node, nodes.Filter) and node.name not in FILTERS:
        return UNKNOWN_FILTER.format(name=node.name, known=", ".join(FILTERS))
    if isinstance(node, nodes.Call) and not (
        isinstance(node.node, nodes.Name) and node.node.name in functions
    ):
        return UNKNOWN_FUNCTION.format(known=", ".join(functions))
    return ""


def _place(exc: BaseException, texts: Mapping[str, str]) -> tuple[str, int]:
    """Return the file and the line of a template at which rendering failed."""
    frames = traceback.extract_tb(exc.__traceback__)
    found = [(frame.filename, frame.lineno or 1) for frame in frames if frame.filename in texts]
    return found[-1] if found else (MAIN, 1)


def _problem(form: str, file: str, line: int, reason: str) -> TemplateProblem:
    return TemplateProblem(
        FAILED.format(file=file, form=form, line=line, reason=reason.rstrip("."))
    )
