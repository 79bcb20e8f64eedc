"""The three patch formats of the API: JSON patch, JSON merge patch, strategic merge patch."""

from __future__ import annotations

import copy
from typing import Any

from sandbox.cluster.errors import StatusError, bad_request

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"

# By which field the API merges a list of maps; a list not named here is replaced as a whole.
# From the `patchMergeKey` marks of the Kubernetes API types.
_MERGE_KEYS = {
    "containers": "name",
    "initContainers": "name",
    "ephemeralContainers": "name",
    "env": "name",
    "volumes": "name",
    "volumeMounts": "mountPath",
    "volumeDevices": "devicePath",
    "imagePullSecrets": "name",
    "hostAliases": "ip",
    "topologySpreadConstraints": "topologyKey",
    "ownerReferences": "uid",
    "conditions": "type",
    "addresses": "type",
}
_SET_LISTS = {"finalizers"}


def _merge_key(field: str, path: tuple[str, ...]) -> str | None:
    if field == "ports":
        return "containerPort" if "containers" in path else "port"
    return _MERGE_KEYS.get(field)


def apply_patch(content_type: str, target: dict[str, Any], patch: Any) -> dict[str, Any]:
    """The patched copy of `target`.

    Raises StatusError: 400 for a patch of the wrong shape, 415 for an unknown content type, 422
    for a JSON patch whose path is not there or whose test fails.
    """
    kind = content_type.split(";")[0].strip()
    if kind == JSON_PATCH:
        if not isinstance(patch, list):
            raise bad_request("a JSON patch is a list of operations")
        return _json_patch(target, patch)
    if kind in (MERGE_PATCH, STRATEGIC_PATCH):
        if not isinstance(patch, dict) and kind == MERGE_PATCH:
            why = f"{patch!r} is not an object"
            raise StatusError(422, "Invalid", f'"" is invalid: patch: Invalid value: {why}')
        if not isinstance(patch, dict):
            raise bad_request("a strategic merge patch is an object")
        merged = _merge(target, patch) if kind == MERGE_PATCH else _strategic(target, patch, ())
        assert isinstance(merged, dict)  # noqa: S101 - a map merged with a map is a map
        return merged
    raise StatusError(
        415,
        "UnsupportedMediaType",
        f"the body of the request was in an unknown format - accepted media types include: "
        f"{JSON_PATCH}, {MERGE_PATCH}, {STRATEGIC_PATCH}",
    )


def _merge(target: Any, patch: Any) -> Any:
    """RFC 7396."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = _merge(result.get(key), value)
    return result


def _strategic(target: Any, patch: Any, path: tuple[str, ...]) -> Any:
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    if patch.get("$patch") == "replace":
        return {key: copy.deepcopy(value) for key, value in patch.items() if key != "$patch"}
    result = dict(target) if isinstance(target, dict) else {}
    if isinstance(retained := patch.get("$retainKeys"), list):
        result = {key: value for key, value in result.items() if key in retained}
    for key, value in patch.items():
        if key == "$retainKeys" or key.startswith("$setElementOrder/"):
            continue
        if key.startswith("$deleteFromPrimitiveList/"):
            field = key.partition("/")[2]
            result[field] = [item for item in result.get(field) or [] if item not in value]
        elif value is None:
            result.pop(key, None)
        elif isinstance(value, list):
            result[key] = _strategic_list(result.get(key) or [], value, key, path)
        else:
            result[key] = _strategic(result.get(key), value, (*path, key))
    return result


def _strategic_list(
    target: list[Any], patch: list[Any], field: str, path: tuple[str, ...]
) -> list[Any]:
    if field in _SET_LISTS:
        return target + [item for item in patch if item not in target]
    merge_key = _merge_key(field, path)
    if merge_key is None:
        return copy.deepcopy(patch)
    if any(isinstance(item, dict) and item.get("$patch") == "replace" for item in patch):
        return [copy.deepcopy(item) for item in patch if "$patch" not in item]
    result = list(target)
    for item in patch:
        if merge_key not in item:
            raise bad_request(f"map: {item} does not contain declared merge key: {merge_key}")
        at = next(
            (i for i, old in enumerate(result) if old.get(merge_key) == item[merge_key]), None
        )
        if item.get("$patch") == "delete":
            if at is not None:
                del result[at]
        elif at is None:
            result.append(_strategic({}, item, (*path, field)))
        else:
            result[at] = _strategic(result[at], item, (*path, field))
    return result


def _json_patch(target: dict[str, Any], operations: list[Any]) -> dict[str, Any]:
    """RFC 6902."""
    document: dict[str, Any] = copy.deepcopy(target)
    for operation in operations:
        try:
            _json_operation(document, operation)
        except (KeyError, IndexError, TypeError, ValueError) as exc:
            message = f"the server rejected our request due to an error in our request: {exc}"
            raise StatusError(422, "Invalid", message) from exc
    return document


def _json_operation(document: dict[str, Any], operation: dict[str, Any]) -> None:
    verb, path = operation["op"], operation["path"]
    if verb == "test":
        if _read(document, path) != operation["value"]:
            raise KeyError(f"testing value {path} failed")
    elif verb == "remove":
        _take(document, path)
    elif verb == "add":
        _put(document, path, copy.deepcopy(operation["value"]))
    elif verb == "replace":
        _take(document, path)
        _put(document, path, copy.deepcopy(operation["value"]))
    elif verb in ("move", "copy"):
        value = copy.deepcopy(_read(document, operation["from"]))
        if verb == "move":
            _take(document, operation["from"])
        _put(document, path, value)
    else:
        raise KeyError(f"unexpected operation {verb!r}")


def _parts(pointer: str) -> list[str]:
    """RFC 6901: `~1` is a slash and `~0` a tilde."""
    if not pointer.startswith("/"):
        raise ValueError(f"{pointer!r} is no JSON pointer into the object")
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer[1:].split("/")]


def _step(value: Any, part: str) -> Any:
    return value[int(part)] if isinstance(value, list) else value[part]


def _read(document: dict[str, Any], pointer: str) -> Any:
    value: Any = document
    for part in _parts(pointer):
        value = _step(value, part)
    return value


def _parent(document: dict[str, Any], pointer: str) -> tuple[Any, str]:
    *way, last = _parts(pointer)
    value: Any = document
    for part in way:
        value = _step(value, part)
    return value, last


def _take(document: dict[str, Any], pointer: str) -> None:
    parent, last = _parent(document, pointer)
    del parent[int(last) if isinstance(parent, list) else last]


def _put(document: dict[str, Any], pointer: str, value: Any) -> None:
    parent, last = _parent(document, pointer)
    if isinstance(parent, list):
        at = len(parent) if last == "-" else int(last)
        if not 0 <= at <= len(parent):
            raise IndexError(f"index {at} is out of range")
        parent.insert(at, value)
    else:
        parent[last] = value
