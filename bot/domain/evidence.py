"""Known and unknown facts, and views that may be incomplete.

A missing item is evidence only if the view is known to be complete. An incomplete view proves what it
contains and nothing about what it lacks.
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
    """A fact that could not be read, with the reason as a sentence."""

    why: str


Fact = Known[T] | Unknown


@dataclass(frozen=True, kw_only=True)
class View(Generic[T]):
    """A list as one system returns it.

    ``unknown`` says why there may be more than ``items``; it is empty if the list is complete.
    ``read`` is False if nothing could be read.
    """

    items: tuple[T, ...] = ()
    unknown: str = ""
    read: bool = True

    @classmethod
    def unread(cls, why: str) -> View[T]:
        """Return the view of a system that did not answer."""
        return cls(unknown=why, read=False)

    @property
    def complete(self) -> bool:
        """Whether the items are all that exist."""
        return not self.unknown

    def marked_incomplete(self, why: str) -> View[T]:
        """Return the same items as an incomplete view. The first reason is kept."""
        return self if self.unknown or not why else replace(self, unknown=why)
