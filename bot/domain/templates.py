"""What differs between two pod templates, without the values of environment variables: they may be secret."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from typing import Any

from bot.domain.redaction import HIDDEN, without_secrets
from bot.domain.resources import digest

Template = Mapping[str, Any]

HASH = "pod-template-hash"
"""The label that a ReplicaSet adds to the template of its Deployment."""

_SECRET_OPTION = re.compile(
    r"--?[\w.-]*(?:token|secret|passw|pwd|key|credential)[\w.-]*", re.IGNORECASE
)

MOST = 30
"""The maximum number of differences in a text."""


def cleaned(template: Template) -> dict[str, Any]:
    """Return a revision's template as its Deployment had it."""
    made: dict[str, Any] = copy.deepcopy(dict(template))
    (made.get("metadata") or {}).get("labels", {}).pop(HASH, None)
    return made


def fingerprint(template: Template) -> str:
    """Return a short text that is the same for equal templates."""
    return digest(cleaned(template))


def differences(now: Template, then: Template) -> tuple[str, ...]:
    """Return what changes if the first template is replaced by the second, as phrases."""
    found = list(_differences(cleaned(now), cleaned(then)))
    more = len(found) - MOST
    return (*found[:MOST], *((f"and {more} more",) if more > 0 else ()))


def _differences(now: Template, then: Template) -> Iterator[str]:
    for what in ("annotations", "labels"):
        before, after = (each.get("metadata", {}).get(what) or {} for each in (now, then))
        for key in sorted({*before, *after}):
            if before.get(key) != after.get(key):
                yield f"{what.removesuffix('s')} {key} {_change(key in before, key in after)}"
    specs = now.get("spec") or {}, then.get("spec") or {}
    for group in ("initContainers", "containers"):
        before, after = ({c["name"]: c for c in spec.get(group) or ()} for spec in specs)
        for name in (*before, *(name for name in after if name not in before)):
            if name in before and name in after:
                yield from _container(name, before[name], after[name])
            else:
                yield f"container {name} {_change(name in before, name in after)}"
    for key in sorted({*specs[0], *specs[1]} - {"initContainers", "containers"}):
        if specs[0].get(key) != specs[1].get(key):
            yield f"{key} {_change(key in specs[0], key in specs[1])}"


def _container(name: str, now: Template, then: Template) -> Iterator[str]:
    if now.get("image") != then.get("image"):
        yield f"{name}: image {now.get('image')} → {then.get('image')}"
    before, after = ({e["name"]: e for e in each.get("env") or ()} for each in (now, then))
    for key in sorted({*before, *after}):
        if before.get(key) != after.get(key):
            yield f"{name}: environment variable {key} {_change(key in before, key in after)}"
    for part in ("command", "args"):
        if now.get(part) != then.get(part):
            yield f"{name}: {part} {_joined(now.get(part))} → {_joined(then.get(part))}"
    for key in sorted({*now, *then} - {"name", "image", "env", "command", "args"}):
        if now.get(key) != then.get(key):
            yield f"{name}: {key} {_change(key in now, key in then)}"


def _change(was_there: bool, will_be_there: bool) -> str:
    if was_there and will_be_there:
        return "changed"
    return "added" if will_be_there else "removed"


def _joined(words: Any) -> str:
    """A command without what may be secret in it, also where the value is a word of its own."""
    shown: list[str] = []
    for word in map(str, words or ()):
        is_value = bool(shown) and _SECRET_OPTION.fullmatch(shown[-1]) and not word.startswith("-")
        shown.append(HIDDEN if is_value else word)
    return without_secrets(" ".join(shown)) or "none"
