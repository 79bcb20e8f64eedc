"""The parameters of a runbook, from the signature of its function.

An annotation is a type from this module or a plain one: ``Servers``, ``Person``, ``NodeName``, ``bool``,
``int``, ``float``, ``str``, ``timedelta`` or a ``Literal`` of texts; each but ``Servers`` may be ``| None``.
Constraints and the hint of a form come from ``Field``:
``Annotated[int, Field(ge=0, le=50, description="How many placeholders.")]``.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import cached_property
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints
from unicodedata import category

from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from bot.domain.hubs import ServerKey
from bot.errors import UserError

NAME_SIZE = 253
SHOWN = 100
"""The most characters of a name, and of what was typed in a message."""

NOT_A_DURATION = "write a duration such as 90m, 2h or 1d"
TOO_LONG_A_DURATION = "that is longer than any run can last"
NOT_ITS_FORM = "it doesn't have the form that the runbook takes"
NOT_PRINTABLE = "it has a character that can't be printed"
TOO_LONG_A_NAME = f"no name has more than {NAME_SIZE} characters"
NO_NAMES = "write at least one name, or leave it out for all"
UNKNOWN_PARAMETER = "There is no parameter “{name}”. The parameters of {runbook} are {known}."
NO_PARAMETERS = "{runbook} works on a whole hub and takes no parameters. Leave out {name}."
MISSING = "{runbook} needs {name}: {hint}"
INVALID = "“{value}” isn't a valid {name}: {why}."

NO_FACTS = "it has no first parameter, which takes the facts"
NO_ANNOTATION = "parameter {name} has no annotation"
NOT_A_FIELD = "parameter {name} has a type that no form can ask for: {annotation}"
NOT_NAMED = "parameter {name} can't be given by its name"
NOT_TEXTS = "parameter {name} has a choice that is not a text of at most 75 characters"
TOO_MANY_CHOICES = "parameter {name} has more than 100 choices: take a text instead"
TWO_OF_SERVERS = "parameter {name} is a second one that takes servers"
BAD_DEFAULT = "parameter {name} has a default that it doesn't accept: {why}"
BAD_BOUNDS = "parameter {name} has constraints that don't suit its type"
SERVERS_DEFAULT = (
    "parameter {name} takes servers, so its default has to be None, which means everybody's"
)

WHYS = {
    "int_parsing": "write a whole number",
    "int_type": "write a whole number",
    "int_from_float": "write a whole number",
    "float_parsing": "write a number",
    "float_type": "write a number",
    "bool_parsing": "write yes or no",
    "bool_type": "write yes or no",
    "greater_than_equal": "it has to be at least {ge}",
    "greater_than": "it has to be more than {gt}",
    "less_than_equal": "it can be at most {le}",
    "less_than": "it has to be less than {lt}",
    "string_too_short": "write at least {min_length} characters",
    "string_too_long": "write at most {max_length} characters",
}
"""What to write instead, by pydantic's type of the error."""

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?\s*[smhd]\s*)+")


class BadDefinition(TypeError):
    """A function can't be a runbook. ``function`` is its name, ``parameter`` the one that is bad, if any."""

    def __init__(self, text: str, *, function: str, parameter: str = "") -> None:
        super().__init__(text)
        self.function = function
        self.parameter = parameter


class ParameterKind(StrEnum):
    """How a parameter is asked for."""

    SERVERS = "servers"  # names of users, servers (user/name) or pods; empty: everybody
    PERSON = "person"  # one user of the hub
    NODE = "node"
    CHOICE = "choice"
    DURATION = "duration"
    BOOLEAN = "boolean"
    NUMBER = "number"
    TEXT = "text"


Servers = Annotated[frozenset[ServerKey] | None, ParameterKind.SERVERS]
"""The servers that somebody named, resolved against the facts; None means everybody's."""

Person = Annotated[str, ParameterKind.PERSON]
"""The name of one user of the hub."""

NodeName = Annotated[str, ParameterKind.NODE]
"""The name of a node."""


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One parameter. ``label`` and ``hint`` are for forms and the terminal; ``choices`` are texts.

    ``default`` is None for a parameter without one; ``is_required`` says that it must be given.
    """

    name: str
    kind: ParameterKind
    annotation: Any
    label: str
    hint: str = ""
    default: Any = None
    is_required: bool = False
    choices: tuple[str, ...] = ()

    @cached_property
    def _adapter(self) -> TypeAdapter[Any]:
        return TypeAdapter(self.annotation)

    def stored(self, typed: object, runbook: str) -> Any:
        """Return what was typed as plain JSON.

        Raises:
            UserError: it isn't valid; ``field`` is the parameter's name.
        """
        try:
            match self.kind:
                case ParameterKind.SERVERS:
                    names = sorted(_names(typed))
                    if not names:  # none of them would mean everybody's servers
                        raise ValueError(NO_NAMES)
                    return names
                case ParameterKind.DURATION:
                    self._adapter.validate_python(_duration(typed))
                    return _duration(typed).total_seconds()
                case ParameterKind.CHOICE:
                    return self._choice(typed)
                case ParameterKind.BOOLEAN:
                    return self._adapter.validate_python(typed)
                case ParameterKind.TEXT | ParameterKind.PERSON | ParameterKind.NODE:
                    return self._adapter.validate_python(self._text(typed))
                case ParameterKind.NUMBER:
                    return self._adapter.validate_python(typed)
        except (ValidationError, ValueError) as exc:
            why = _why(exc, self.hint)
            text = INVALID.format(value=_short(typed), name=self.label.lower(), why=why)
            raise UserError(text, field=self.name) from exc

    def value(self, stored: Any) -> Any:
        """Return the value of what :meth:`stored` gave, as the function of the runbook takes it."""
        return timedelta(seconds=stored) if self.kind is ParameterKind.DURATION else stored

    def _text(self, typed: object) -> str:
        said = str(typed).strip()
        if any(category(char) == "Cc" and char not in "\n\r\t" for char in said):
            raise ValueError(NOT_PRINTABLE)
        if self.kind is not ParameterKind.TEXT and len(said) > NAME_SIZE:
            raise ValueError(TOO_LONG_A_NAME)
        return said

    def _choice(self, typed: object) -> str:
        said = str(typed).strip().casefold()
        for choice in self.choices:
            if choice.casefold() == said:
                return choice
        raise ValueError(f"use one of {', '.join(self.choices)}")


def parameters_of(function: Callable[..., Any]) -> tuple[Parameter, ...]:
    """Return the parameters after the first one, which takes the facts.

    Raises:
        BadDefinition: one has no annotation or one that no form can ask for, or a default that it refuses.
    """
    name = function.__name__
    hints = get_type_hints(function, include_extras=True)
    given = list(inspect.signature(function).parameters.values())
    if not given or given[0].kind is inspect.Parameter.KEYWORD_ONLY:
        raise BadDefinition(NO_FACTS, function=name)
    found: list[Parameter] = []
    for each in given[1:]:
        try:
            made = _parameter(each, hints.get(each.name))
            if made.kind is ParameterKind.SERVERS and any(one.kind is made.kind for one in found):
                raise TypeError(TWO_OF_SERVERS.format(name=each.name))
        except TypeError as exc:
            raise BadDefinition(str(exc), function=name, parameter=each.name) from exc
        found.append(made)
    return tuple(found)


def stored_arguments(
    runbook: str, parameters: Iterable[Parameter], typed: Mapping[str, object]
) -> dict[str, Any]:
    """Return what was typed, by the names of the parameters, as plain JSON with defaults left out.

    Raises:
        UserError: a name is unknown, a value is invalid or one that is required is missing.
    """
    known = {each.name: each for each in parameters}
    for name in typed:
        if name not in known:
            words = UNKNOWN_PARAMETER if known else NO_PARAMETERS
            raise UserError(words.format(name=name, runbook=runbook, known=", ".join(known)))
    found: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for name, each in known.items():
        said = typed.get(name)
        is_empty = said is None or (isinstance(said, Collection) and not said)
        if is_empty or (isinstance(said, str) and not said.strip()):
            if each.is_required:
                hint = each.hint or f"give {name}=…"
                wrong[name] = MISSING.format(runbook=runbook, name=each.label.lower(), hint=hint)
            continue
        try:
            found[name] = each.stored(said, runbook)
        except UserError as exc:
            wrong[name] = str(exc)
    if wrong:
        (name, text), *others = wrong.items()
        raise UserError(text, field=name, others=dict(others))
    return found


def _parameter(each: inspect.Parameter, annotation: Any) -> Parameter:
    """Return the parameter.

    Raises:
        TypeError: no form can ask for it; the text has its name.
    """
    name = each.name
    if annotation is None or annotation is inspect.Parameter.empty:
        raise TypeError(NO_ANNOTATION.format(name=name))
    if each.kind not in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY):
        raise TypeError(NOT_NAMED.format(name=name))
    annotation = _without_none(annotation)
    plain, extras = _parts(annotation)
    kind = next((one for one in extras if isinstance(one, ParameterKind)), None) or _kind(plain)
    if kind is None:
        raise TypeError(NOT_A_FIELD.format(name=name, annotation=inspect.formatannotation(plain)))
    choices = get_args(plain) if kind is ParameterKind.CHOICE else ()
    if not all(isinstance(one, str) and 0 < len(one) <= 75 for one in choices):
        raise TypeError(NOT_TEXTS.format(name=name))
    if len(choices) > 100:  # the most that a menu of Slack's may have
        raise TypeError(TOO_MANY_CHOICES.format(name=name))
    field = next((one for one in extras if isinstance(one, FieldInfo)), None)
    has_default = each.default is not inspect.Parameter.empty
    made = Parameter(
        name=each.name,
        kind=kind,
        annotation=annotation,
        label=(field and field.title) or each.name.replace("_", " ").capitalize(),
        hint=(field and field.description) or "",
        default=each.default if has_default else None,
        is_required=not has_default and kind is not ParameterKind.SERVERS,
        choices=tuple(map(str, choices)),
    )
    _require_default(made)
    return made


def _require_default(made: Parameter) -> None:
    """Return if the parameter accepts its own default; None is one of every kind.

    Raises:
        TypeError: it doesn't, or its constraints are not of its type.
    """
    if made.kind is ParameterKind.SERVERS:
        if made.default is not None:
            raise TypeError(SERVERS_DEFAULT.format(name=made.name))
        return
    try:
        TypeAdapter(made.annotation)
        if made.default is not None:
            made.stored(made.default, "")
    except UserError as exc:
        raise TypeError(BAD_DEFAULT.format(name=made.name, why=exc)) from exc
    except (
        Exception
    ) as exc:  # pydantic raises errors of many kinds for what it can't build or compare
        raise TypeError(BAD_BOUNDS.format(name=made.name)) from exc


def _without_none(annotation: Any) -> Any:
    """The annotation without ``| None``."""
    if get_origin(annotation) in (Union, UnionType):
        others = [one for one in get_args(annotation) if one is not NoneType]
        return others[0] if len(others) == 1 else annotation
    return annotation


def _parts(annotation: Any) -> tuple[Any, tuple[Any, ...]]:
    """The plain type of an annotation, and what is annotated."""
    if get_origin(annotation) is not Annotated:
        return annotation, ()
    plain, *extras = get_args(annotation)
    return _without_none(plain), tuple(extras)


def _kind(plain: Any) -> ParameterKind | None:
    if get_origin(plain) is Literal:
        return ParameterKind.CHOICE
    kinds: dict[Any, ParameterKind] = {
        bool: ParameterKind.BOOLEAN,
        int: ParameterKind.NUMBER,
        float: ParameterKind.NUMBER,
        str: ParameterKind.TEXT,
        timedelta: ParameterKind.DURATION,
    }
    return kinds.get(plain) if isinstance(plain, type) else None


def _names(typed: object) -> frozenset[str]:
    if isinstance(typed, str):
        return frozenset(typed.replace(",", " ").split())
    if isinstance(typed, Iterable):
        return frozenset(map(str, typed))
    raise ValueError("write the names of users, servers or pods")


def _duration(typed: object) -> timedelta:
    if isinstance(typed, timedelta):
        return typed
    text = str(typed).strip().lower()
    if not _DURATION.fullmatch(text):
        raise ValueError(NOT_A_DURATION)
    parts = re.findall(r"(\d+(?:\.\d+)?)\s*([smhd])", text)
    try:
        return sum(
            (timedelta(**{_UNITS[unit]: float(number)}) for number, unit in parts),
            start=timedelta(),
        )
    except OverflowError as exc:
        raise ValueError(TOO_LONG_A_DURATION) from exc


def _short(typed: object) -> str:
    """What was typed, short enough to be named."""
    text = str(typed)
    return text if len(text) <= SHOWN else text[: SHOWN - 1].rstrip() + "…"


def _why(exc: ValueError, hint: str = "") -> str:
    """What is wrong with a value, in a few words without a full stop.

    Nobody reads a pattern, so a text that doesn't match one is answered with the hint of its parameter.
    """
    if not isinstance(exc, ValidationError):
        return _lower(str(exc))
    error = exc.errors()[0]
    if error["type"] == "string_pattern_mismatch":
        return _lower(hint) or NOT_ITS_FORM
    words = WHYS.get(error["type"])
    return words.format(**error.get("ctx", {})) if words else _lower(error["msg"])


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:].rstrip(".")
