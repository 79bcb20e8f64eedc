"""The parameters of a runbook, from the signature of its function.

An annotation is a type from this module or a plain one: ``Servers``, ``Person``, ``NodeName``, ``bool``,
``int``, ``str``, ``timedelta`` or a ``Literal`` of texts. Constraints and the hint of a form come from
pydantic's ``Field``: ``Annotated[int, Field(ge=0, le=50, description="How many placeholders.")]``.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from bot.domain.hubs import ServerKey
from bot.errors import UserError

NOT_A_DURATION = "write a duration such as 90m, 2h or 1d"
UNKNOWN_PARAMETER = "There is no parameter “{name}”. The parameters of {runbook} are {known}."
NO_PARAMETERS = "{runbook} works on a whole hub and takes no parameters. Leave out {name}."
MISSING = "{runbook} needs {name}: {hint}"
INVALID = "“{value}” isn't a valid {name}: {why}."

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?\s*[smhd]\s*)+")


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
                    return sorted(_names(typed))
                case ParameterKind.DURATION:
                    self._adapter.validate_python(_duration(typed))
                    return _duration(typed).total_seconds()
                case ParameterKind.CHOICE:
                    return self._choice(typed)
                case ParameterKind.BOOLEAN:
                    return self._adapter.validate_python(typed)
                case ParameterKind.TEXT | ParameterKind.PERSON | ParameterKind.NODE:
                    return self._adapter.validate_python(str(typed).strip())
                case ParameterKind.NUMBER:
                    return self._adapter.validate_python(typed)
        except (ValidationError, ValueError) as exc:
            why = exc.errors()[0]["msg"] if isinstance(exc, ValidationError) else str(exc)
            text = INVALID.format(value=typed, name=self.label.lower(), why=_lower(why))
            raise UserError(text, field=self.name) from exc

    def value(self, stored: Any) -> Any:
        """Return the value of what :meth:`stored` gave, as the function of the runbook takes it."""
        return timedelta(seconds=stored) if self.kind is ParameterKind.DURATION else stored

    def _choice(self, typed: object) -> str:
        said = str(typed).strip().casefold()
        for choice in self.choices:
            if choice.casefold() == said:
                return choice
        raise ValueError(f"use one of {', '.join(self.choices)}")


def parameters_of(function: Callable[..., Any]) -> tuple[Parameter, ...]:
    """Return the parameters after the first one, which takes the facts.

    Raises:
        TypeError: one has no annotation, or an annotation that no form can ask for.
    """
    hints = get_type_hints(function, include_extras=True)
    _facts, *rest = inspect.signature(function).parameters.values()
    return tuple(_parameter(each, hints.get(each.name)) for each in rest)


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
    for name, each in known.items():
        said = typed.get(name)
        if said is None or (isinstance(said, str) and not said.strip()):
            if each.is_required:
                hint = each.hint or f"give {name}=…"
                text = MISSING.format(runbook=runbook, name=each.label.lower(), hint=hint)
                raise UserError(text, field=name)
            continue
        found[name] = each.stored(said, runbook)
    return found


def _parameter(each: inspect.Parameter, annotation: Any) -> Parameter:
    if annotation is None:
        raise TypeError(f"parameter {each.name} has no annotation")
    extras = get_args(annotation)[1:] if get_origin(annotation) is Annotated else ()
    plain = get_args(annotation)[0] if extras else annotation
    kind = next((one for one in extras if isinstance(one, ParameterKind)), None) or _kind(plain)
    if kind is None:
        raise TypeError(f"parameter {each.name} has a type that no form can ask for: {annotation}")
    field = next((one for one in extras if isinstance(one, FieldInfo)), None)
    has_default = each.default is not inspect.Parameter.empty
    return Parameter(
        name=each.name,
        kind=kind,
        annotation=annotation,
        label=(field and field.title) or each.name.replace("_", " ").capitalize(),
        hint=(field and field.description) or "",
        default=each.default if has_default else None,
        is_required=not has_default and kind is not ParameterKind.SERVERS,
        choices=tuple(map(str, get_args(plain))) if kind is ParameterKind.CHOICE else (),
    )


def _kind(plain: Any) -> ParameterKind | None:
    if get_origin(plain) is Literal:
        return ParameterKind.CHOICE
    kinds: dict[Any, ParameterKind] = {
        bool: ParameterKind.BOOLEAN,
        int: ParameterKind.NUMBER,
        str: ParameterKind.TEXT,
        timedelta: ParameterKind.DURATION,
    }
    return kinds.get(plain)


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
    return sum(
        (timedelta(**{_UNITS[unit]: float(number)}) for number, unit in parts), start=timedelta()
    )


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:].rstrip(".")
