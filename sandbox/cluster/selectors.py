"""Label and field selectors, as the `labelSelector` and `fieldSelector` parameters write them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.cluster.errors import StatusError, bad_request
from sandbox.cluster.names import is_label_value, is_qualified

Predicate = Callable[[Mapping[str, Any]], bool]

_KEY = r"[A-Za-z0-9./_-]+"
_SET = re.compile(rf"^({_KEY})\s+(in|notin)\s+\(([^()]*)\)$")
_EQUAL = re.compile(rf"^({_KEY})\s*(==|=|!=)\s*([A-Za-z0-9._-]*)$")
_EXISTS = re.compile(rf"^(!?)\s*({_KEY})$")

# What a real API server lets a field selector name; any other field is a 400.
_COMMON_FIELDS = {"metadata.name", "metadata.namespace"}
_FIELDS = {
    "Pod": {
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.schedulerName",
        "spec.serviceAccountName",
        "status.phase",
        "status.podIP",
        "status.nominatedNodeName",
    },
    "Event": {
        "involvedObject.kind",
        "involvedObject.namespace",
        "involvedObject.name",
        "involvedObject.uid",
        "involvedObject.apiVersion",
        "involvedObject.resourceVersion",
        "involvedObject.fieldPath",
        "reason",
        "source",
        "type",
    },
    "Node": {"spec.unschedulable"},
    "Namespace": {"status.phase"},
    "Secret": {"type"},
    "ReplicaSet": {"status.replicas"},
}


def _terms(text: str) -> list[str]:
    """Split at the commas that stand outside parentheses."""
    return [term.strip() for term in re.split(r",(?![^()]*\))", text) if term.strip()]


def _label_term(term: str) -> Predicate:
    if match := _SET.match(term):
        key, operator, listed = match.groups()
        values = {value.strip() for value in listed.split(",")}
        _check(key, *values)
        if operator == "in":
            return lambda labels: labels.get(key) in values
        return lambda labels: labels.get(key) not in values
    if match := _EQUAL.match(term):
        key, operator, value = match.groups()
        _check(key, value)
        if operator == "!=":
            return lambda labels: labels.get(key) != value
        return lambda labels: labels.get(key) == value
    if match := _EXISTS.match(term):
        absent, key = match.groups()
        _check(key)
        return lambda labels: (key not in labels) if absent else (key in labels)
    raise bad_request(f"unable to parse requirement: found '{term}'")


def _check(key: str, *values: str) -> None:
    """Raise StatusError 400 for a key or a value that no label can have."""
    if not is_qualified(key):
        raise bad_request(f'unable to parse requirement: invalid label key "{key}"')
    for value in values:
        if not is_label_value(value):
            raise bad_request(f'unable to parse requirement: invalid label value: "{value}"')


def label_selector(text: str) -> Predicate:
    """A predicate over an object's labels. Raises StatusError 400 for what cannot be parsed."""
    tests = [_label_term(term) for term in _terms(text)]
    return lambda labels: all(test(labels) for test in tests)


def from_spec(selector: Mapping[str, Any]) -> Predicate:
    """The predicate of a `matchLabels` / `matchExpressions` selector inside an object."""
    terms = [f"{key}={value}" for key, value in (selector.get("matchLabels") or {}).items()]
    for expression in selector.get("matchExpressions") or []:
        key, operator = expression["key"], expression["operator"]
        values = ",".join(expression.get("values") or [])
        terms.append(
            {
                "In": f"{key} in ({values})",
                "NotIn": f"{key} notin ({values})",
                "Exists": key,
                "DoesNotExist": f"!{key}",
            }[operator]
        )
    return label_selector(",".join(terms))


def _field(obj: Mapping[str, Any], path: str) -> str:
    value: Any = obj
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def field_selector(kind: str, text: str) -> Predicate:
    """A predicate over a whole object. Raises StatusError 400 for a field one cannot select by."""
    allowed = _COMMON_FIELDS | _FIELDS.get(kind, set())
    tests: list[tuple[str, bool, str]] = []
    for term in _terms(text):
        match = re.match(r"^([A-Za-z.]+)\s*(==|=|!=)\s*(.*)$", term)
        if match is None:
            raise bad_request(f'invalid selector: "{text}"; can\'t understand "{term}"')
        path, operator, value = match.groups()
        if path not in allowed:
            raise StatusError(
                400,
                "BadRequest",
                f'Unable to find "{kind}" that match field selector "{text}": '
                f'field label not supported: "{path}"',
            )
        # An event is selected by the name of its source's component.
        tests.append((f"{path}.component" if path == "source" else path, operator != "!=", value))
    return lambda obj: all((_field(obj, path) == value) is want for path, want, value in tests)
