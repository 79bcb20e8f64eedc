"""Finds people served: their user names, pods and volumes, and the paths of their servers.

KubeSpawner names a pod after its user in one of two schemes: the name with unsafe characters as ``-40``
(their code), or the safe characters with a hash of the name behind ``---``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from string import ascii_lowercase, digits
from unicodedata import normalize

from bot.guard.spans import PLACEHOLDER, Finding, Kind, Known
from bot.guard.words import ORDINARY, PACKAGES

_SAFE = frozenset(ascii_lowercase + digits)
_RUN = re.compile(r"[^\W_]+")
_JOINS = re.compile(r"[-._@+~\\]{1,3}")
_PARTS = 16
"""The most runs of letters and digits in a name that is looked up."""

_SLUG = r"[a-z0-9](?:[a-z0-9-]{0,200}[a-z0-9])?"
_OWNED = re.compile(rf"(?<![a-z0-9])(?P<what>jupyter|claim|volume|home)-(?P<slug>{_SLUG})")
_HASHED = re.compile(r"---[0-9a-f]{8}$")
_ESCAPED = re.compile(r"-(?:2[bde]|40|5f)")
_PATH = re.compile(
    r"(?:/user|/hub/(?:spawn(?:-pending)?|user|stop|admin\#/users)|/api/users)/(?P<name>[^/\s?#\"'<>()\[\]`&|;,:]{1,100})"
)
_NO_USER = frozenset(
    {"jovyan", "root", "user", "username", "name", "…", "...", "*", "{username}", "-"}
)
_BEFORE = re.compile(
    r"(?:[\"'`/]|\b(?:user|student|username|login|account|jupyter-|claim-)[ :=]{0,2})$",
    re.IGNORECASE,
)


def people(text: str, known: Known) -> Iterator[Finding]:
    """Yield where people served are named in a text."""
    low = _lower(text)
    names, odd = _names(known.served)
    yield from _named(low, names, odd, {name.lower() for name in known.team})
    for found in _OWNED.finditer(low):
        yield from _owned(found, names)
    for found in _PATH.finditer(low):
        name = found["name"].rstrip(".!*_\\")
        if name and name not in _NO_USER and not PLACEHOLDER.fullmatch(name):
            start = found.start("name")
            yield _found(start, start + len(name), names.get(name, name))
    for pattern in known.patterns:
        for match in re.finditer(pattern, text):
            if match[0].strip():
                yield _found(*match.span(), match[0].lower())


def _named(
    low: str, names: dict[str, str], odd: tuple[str, ...], team: set[str]
) -> Iterator[Finding]:
    """Yield where a user name, or a pod's form of one, stands as a word of its own."""
    runs = [found.span() for found in _RUN.finditer(low)]
    for first, (start, _) in enumerate(runs):
        for last in range(first, min(first + _PARTS, len(runs))):
            end = runs[last][1]
            if last > first and not _JOINS.fullmatch(low, runs[last - 1][1], runs[last][0]):
                break
            word = low[start:end].replace("\\", "")
            if (name := names.get(word)) is None or word in team:
                continue
            if (word not in ORDINARY and len(word) > 1) or _BEFORE.search(
                low, max(0, start - 12), start
            ):
                yield _found(start, end, name)
    for name in odd:
        for found in re.finditer(rf"(?<![^\W_]){re.escape(name)}(?![^\W_])", low):
            yield _found(*found.span(), names[name])


def _owned(found: re.Match[str], names: dict[str, str]) -> Iterator[Finding]:
    """Yield the user's part of a pod's or a volume's name."""
    slug = found["slug"]
    start, end = found.span("slug")
    if PLACEHOLDER.match(slug):
        return
    if hashed := re.search(r"---[0-9a-f]{8}(?![0-9a-z])", slug):
        slug = slug[: hashed.end()]
    base = _HASHED.sub("", slug)
    candidates = [base, base.split("--")[0], slug]
    name = next((names[word] for word in candidates if word in names), None)
    is_pod = found["what"] == "jupyter" and not _is_package(slug)
    if name or is_pod or _HASHED.search(slug) or _ESCAPED.search(slug):
        yield _found(start, min(end, start + len(slug)), name or _unescaped(base.split("--")[0]))


def _is_package(slug: str) -> bool:
    parts = slug.split("-")
    return any("-".join(parts[:count]) in PACKAGES for count in range(1, min(4, len(parts) + 1)))


@lru_cache(maxsize=4)
def _names(served: frozenset[str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the user names by every form in which a text may have them, in lower case, and those forms
    that are no runs of letters and digits with the usual joins."""
    names: dict[str, str] = {}
    for name in sorted(served):
        low = _lower(normalize("NFC", name.strip()))
        if not low:
            continue
        local, at, _ = low.partition("@")
        forms = [low, low.strip("-._@+~"), _escaped(low), _slug(low)]
        if at and len(local) > 3:
            forms += [local, _escaped(local), _slug(local)]
        for form in forms:
            if form and not (form != low and form in ORDINARY):
                names.setdefault(form, low)
    usual = _SAFE | set("-._@+~")
    return names, tuple(form for form in names if not set(form) <= usual)


def _escaped(name: str) -> str:
    """Return the name as escapism writes it, with ``-`` before each code."""
    return "".join(
        character if character in _SAFE else "".join(f"-{byte:02x}" for byte in character.encode())
        for character in name
    )


def _slug(name: str) -> str:
    """Return the name as KubeSpawner's safe slugs begin."""
    return re.sub(r"[^a-z0-9]+", "-", name).strip("-")[:32].rstrip("-")


def _unescaped(slug: str) -> str:
    return re.sub(r"-([2-7][0-9a-f])", lambda code: chr(int(code[1], 16)), slug)


def _lower(text: str) -> str:
    """Return the text in lower case, each character in its place."""
    return "".join(low if len(low := character.lower()) == 1 else character for character in text)


def _found(start: int, end: int, name: str) -> Finding:
    return Finding(start=start, end=end, kind=Kind.PERSON, original=name)
