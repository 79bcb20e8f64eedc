"""Steps as JSON: the verb, and beside it the fields of its kind."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any

from pydantic import PlainSerializer, PlainValidator, TypeAdapter

from bot.runbook.steps import kind_of
from bot.runbook.steps.step import Step


def to_stored(step: Step) -> dict[str, Any]:
    """The step as plain JSON."""
    fields = _adapter(type(step)).dump_python(step, mode="json")
    return {"verb": step.verb, **fields}


def from_stored(data: Step | Mapping[str, Any]) -> Step:
    """The step that ``to_stored`` gave, also in the shape of earlier versions.

    Raises:
        UnknownStep: this version has no such kind of step.
        pydantic.ValidationError: its fields are not those of the kind.
    """
    if isinstance(data, Step):
        return data
    kind = kind_of(str(data["verb"]))
    step: Step = _adapter(kind).validate_python(_fields(data))
    return step


StoredStep = Annotated[Step, PlainValidator(from_stored), PlainSerializer(to_stored)]
"""A step as a field of what is stored."""


def _fields(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """The fields of a step's kind.

    Before steps had kinds of their own they were stored with a measure and with arguments, and what had to
    stay the same stood in their id alone.
    """
    if "measure" not in data:
        return data
    measure = data["measure"]
    fields = {**measure["args"], **data["args"], "loses": data.get("loses", ())}
    if data["verb"] == "resync_routes":
        return {**fields, "looks": measure["times"]}
    if data["verb"] == "restart_proxy":
        return {**fields, "generation": data["id"].rpartition(":")[2]}
    server = f"{data['verb']}:{fields['user']}/{fields['server']}:"
    condition, _, rest = data["id"].removeprefix(server).partition(":")
    started, _, uid = rest.rpartition(":")
    return {**fields, "condition": condition, "started": started or None, "uid": uid}


@cache
def _adapter(kind: type[Step]) -> TypeAdapter[Any]:
    return TypeAdapter(kind)
