"""The patch formats that clients use here: JSON patch, JSON merge patch and strategic merge patch."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from sandbox.cluster.errors import StatusError, bad_request

MERGE_PATCH = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"

# The merge key of each list in a strategic merge patch; other lists are replaced.
_MERGE_KEYS = {"containers": "name", "env": "name", "volumes": "name", "conditions": "type"}


def apply_patch(content_type: str, target: dict[str, Any], patch: Any) -> dict[str, Any]:
    """The patched copy of `target`.

    Raises StatusError: 400 for a patch of the wrong shape, 415 for another content type, 422 for a JSON
    patch that does not apply.
    """
    kind = content_type.partition(";")[0].strip()
    if kind == JSON_PATCH:
        return _json_patch(target, patch)
    if kind not in (MERGE_PATCH, STRATEGIC_PATCH):
        why = f"the body of the request was in an unknown format: {kind}"
        raise StatusError(415, "UnsupportedMediaType", why)
    if not isinstance(patch, dict):
        raise bad_request(f"the patch does not have the shape of {kind}")
    keys = _MERGE_KEYS if kind == STRATEGIC_PATCH else {}
    return _merge_map(target, patch, keys)


def _json_patch(target: dict[str, Any], operations: Any) -> dict[str, Any]:
    """RFC 6902 for maps, with `add`, `replace`, `remove` and `test`."""
    if not isinstance(operations, list):
        raise bad_request(f"the patch does not have the shape of {JSON_PATCH}")
    result = copy.deepcopy(target)
    for each in operations:
        *parents, last = (
            part.replace("~1", "/").replace("~0", "~") for part in each["path"].split("/")[1:]
        )
        place: Any = result
        for part in parents:
            place = place.get(part) if isinstance(place, dict) else None
        operation = each["op"]
        missing = not isinstance(place, dict) or (operation != "add" and last not in place)
        if missing or (operation == "test" and place[last] != each["value"]):
            why = "the server rejected our request due to an error in our request"
            raise StatusError(422, "Invalid", why)
        if operation == "remove":
            del place[last]
        elif operation != "test":
            place[last] = each["value"]
    return result


def _merge_map(target: Any, patch: dict[str, Any], keys: Mapping[str, str]) -> dict[str, Any]:
    """RFC 7396 merge; `keys` names the merged lists."""
    result = dict(target) if isinstance(target, dict) else {}
    for field, value in patch.items():
        if value is None:
            result.pop(field, None)
        elif isinstance(value, dict):
            result[field] = _merge_map(result.get(field), value, keys)
        elif field in keys:
            result[field] = _merge_list(result.get(field) or [], value, keys[field], keys)
        else:
            result[field] = value
    return result


def _merge_list(
    target: list[Any], patch: list[Any], key: str, keys: Mapping[str, str]
) -> list[Any]:
    found = {item[key]: item for item in target}
    for item in patch:
        found[item[key]] = _merge_map(found.get(item[key]), item, keys)
    return list(found.values())
