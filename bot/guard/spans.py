"""The guard's values: what it knows, what it finds, and what it replaced."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from hashlib import sha256
from types import MappingProxyType

KEY_LIMIT = 300
"""The length of a key, in characters. A longer original has the key of a secret: its hash."""


class Kind(StrEnum):
    """The kind of an original. The comment is the text that replaces it."""

    SECRET = "secret"  # noqa: S105  # secret-1
    POSSIBLE = "possible secret"  # secret-2: by its randomness, so a person may keep it
    EMAIL = "e-mail"  # email-1
    HOST = "host"  # host-1
    ADDRESS = "address"  # address-1
    PERSON = "person"  # student-1

    @property
    def word(self) -> str:
        """The word before the number of a replacement."""
        words = {Kind.POSSIBLE: "secret", Kind.EMAIL: "email", Kind.PERSON: "student"}
        return words.get(self, self.value)

    @property
    def is_certain_secret(self) -> bool:
        """Whether nobody may publish it."""
        return self is Kind.SECRET

    @property
    def is_secret(self) -> bool:
        """Whether the original is stored as its hash only."""
        return self in (Kind.SECRET, Kind.POSSIBLE)


PLACEHOLDER = re.compile(r"(?:secret|email|host|address|student)-\d{1,6}")
"""What replaces an original, which is not replaced again."""


class Weight(IntEnum):
    """Which of two overlapping findings gives the replacement: the one of greater weight."""

    ADDRESS = 1
    HOST = 2
    EMAIL = 3
    PERSON = 4
    POSSIBLE = 5
    SECRET = 6


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A part of a text that must not be published: its place, and what it is.

    ``original`` is who or what it is about, the same for every way to write it: the name of a user for
    the name of their pod.
    """

    start: int
    end: int
    kind: Kind
    original: str


@dataclass(frozen=True, kw_only=True)
class Replaced:
    """What replaces an original in every document. ``kept_by`` is who decided to publish it after all."""

    key: str
    kind: Kind
    shown: str
    kept_by: str = ""


@dataclass(frozen=True, kw_only=True)
class Known:
    """What the guard knows besides its patterns.

    ``served`` are the user names of people served, ``team`` the names of the team's own people,
    ``public`` host names and addresses that may be published, ``patterns`` regular expressions for people,
    ``replaced`` what was replaced before, by key.
    """

    served: frozenset[str] = frozenset()
    team: frozenset[str] = frozenset()
    public: frozenset[str] = frozenset()
    patterns: tuple[str, ...] = ()
    replaced: Mapping[str, Replaced] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, kw_only=True)
class Guarded:
    """Texts that may be published. ``replaced`` has every original found in them, also those kept, by key.

    ``places`` counts the findings of each key by document.
    """

    texts: Mapping[str, str]
    replaced: Mapping[str, Replaced]
    places: Mapping[str, Mapping[str, int]]


def key_of(kind: Kind, original: str) -> str:
    """Return the key under which an original is remembered; a credential itself is not stored."""
    if kind.is_secret or len(original) > KEY_LIMIT:
        return f"sha256:{sha256(original.encode('utf-8', 'surrogatepass')).hexdigest()}"
    return original
