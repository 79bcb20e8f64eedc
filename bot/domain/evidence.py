"""What is known, and what is not and why: the two things a verdict about a server may rest on.

An empty answer is evidence only where the view that gave it was shown to be complete. A view that is
not complete still proves what it shows, never what it lacks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Known(Generic[T]):
    """A fact that was read."""

    value: T


@dataclass(frozen=True, kw_only=True)
class Unknown:
    """A fact that could not be read, and the sentence that says why."""

    why: str


Fact = Known[T] | Unknown


@dataclass(frozen=True, kw_only=True)
class View(Generic[T]):
    """The list that one party shows.

    ``unknown`` says why more may exist than ``items``; empty, whatever is not in them does not exist.
    ``read`` is False when nothing could be read at all.
    """

    items: tuple[T, ...] = ()
    unknown: str = ""
    read: bool = True

    @classmethod
    def unread(cls, why: str) -> View[T]:
        """The view of a party that did not answer."""
        return cls(unknown=why, read=False)

    @property
    def complete(self) -> bool:
        """Whether what is not among the items does not exist."""
        return not self.unknown

    def doubted(self, why: str) -> View[T]:
        """The same items, no longer complete. A view keeps its first doubt."""
        return self if self.unknown or not why else replace(self, unknown=why)
