"""Label and field selectors, for the `labelSelector` and `fieldSelector` parameters."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.cluster.errors import bad_request
from sandbox.cluster.resources import Resource

Predicate = Callable[[Mapping[str, Any]], bool]

_TERM = re.compile(
    r"(?P<absent>!)?\s*(?P<key>[A-Za-z0-9][\w./-]*)"
    r"(?:\s*(?P<sign>==|=|!=)\s*(?P<value>[\w.-]*)|\s+(?P<set>in|notin)\s+\((?P<values>[\w.,\s-]*)\))?"
)
_FIELD = re.compile(r"([A-Za-z.]+)\s*(==|=|!=)\s*(.*)")

# The fields that a real API server can select by; any other is a 400.
_FIELDS = {
    "Pod": ("spec.nodeName", "spec.restartPolicy", "status.phase", "status.podIP"),
    "Event": (
        *(f"involvedObject.{field}" for field in ("kind", "namespace", "name", "uid")),
        *("reason", "source", "type"),
    ),
    "Node": ("spec.unschedulable",),
}


def label_selector(text: str) -> Predicate:
    """A predicate over an object's labels. Raises StatusError 400 if it cannot be parsed."""
    # A comma inside parentheses separates values.
    tests = [_label(term.strip()) for term in re.split(r",(?![^()]*\))", text) if term.strip()]
    return lambda labels: all(test(labels) for test in tests)


def _label(term: str) -> Predicate:
    match = _TERM.fullmatch(term)
    if match is None or (match["absent"] and (match["sign"] or match["set"])):
        raise bad_request(f"unable to parse requirement: found '{term}'")
    key = match["key"]
    if match["sign"] or match["set"]:
        values = {value.strip() for value in (match["value"] or match["values"] or "").split(",")}
        wanted = match["sign"] != "!=" and match["set"] != "notin"
        return lambda labels: (labels.get(key) in values) is wanted
    return lambda labels: (key in labels) is not bool(match["absent"])


def field_selector(resource: Resource, text: str) -> Predicate:
    """A predicate over a whole object. Raises StatusError 400 for an unsupported field."""
    allowed = {"metadata.name", "metadata.namespace", *_FIELDS.get(resource.kind, ())}
    tests: list[tuple[str, bool, str]] = []
    for term in filter(None, (term.strip() for term in text.split(","))):
        match = _FIELD.fullmatch(term)
        if match is None or match[1] not in allowed:
            raise bad_request(f'field label not supported, or no selector: "{term}"')
        # For an event, the name of the source component.
        path = "source.component" if match[1] == "source" else match[1]
        tests.append((path, match[2] != "!=", match[3]))
    return lambda obj: all((_field(obj, path) == value) is want for path, want, value in tests)


def _field(obj: Mapping[str, Any], path: str) -> str:
    value: Any = obj
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)
