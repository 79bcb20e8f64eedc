"""A reconciler, and the outside system in which it creates one message."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.domain.limits import Limits
from bot.domain.resources import ResourceKind
from bot.errors import UserError
from bot.services.reconciler import GONE, EnsureResult, Reconciler, Resource
from bot.store import resources as rows
from bot.store.engine import Store
from bot.store.resources import ResourceRow
from tests.support.leases import AT_ONCE, AlwaysHeld
from tests.support.rows import Hands, stored

KEY = "abc123abc123/card"


@dataclass(kw_only=True)
class Outside:
    """A place where messages can be posted, found and updated. ``before`` and ``after`` are raised
    once, before or after a post succeeds; ``blind`` on every find."""

    posts: list[str] = field(default_factory=list)
    before: Exception | None = None
    after: Exception | None = None
    blind: Exception | None = None
    looked: int = 0
    updates: int = 0

    def create(self, text: str) -> dict[str, Any]:
        """Post."""
        before, self.before = self.before, None
        if before:
            raise before
        self.posts.append(text)
        after, self.after = self.after, None
        if after:
            raise after
        return {"number": len(self.posts) - 1}

    def find(self, _since: datetime | None) -> dict[str, Any] | None:
        """Find what was posted."""
        self.looked += 1
        if self.blind:
            raise self.blind
        return {"number": 0} if self.posts else None

    def update(self, ref: Mapping[str, Any], text: str) -> dict[str, Any]:
        """Update what was posted."""
        self.updates += 1
        if ref["number"] >= len(self.posts) or self.posts[ref["number"]] == "":
            raise UserError("It is gone.", code=GONE)
        self.posts[ref["number"]] = text
        return {}


@dataclass(kw_only=True)
class Desk:
    """A test's objects."""

    store: Store
    clock: Hands
    outside: Outside

    def reconciler(self, limits: Limits = AT_ONCE) -> Reconciler:
        """A new reconciler."""
        lease = AlwaysHeld(self.store)
        return Reconciler(self.store, self.clock, lease=lease, limits=limits, slack_time=self.clock)

    def ensure(
        self, value: str = "one", *, changeable: bool = False, words: str = "{value}"
    ) -> EnsureResult:
        """Ensure that ``value`` is posted, in these words."""
        return self.reconciler().ensure(self.resource(value, changeable=changeable, words=words))

    def resource(
        self, value: str = "one", *, changeable: bool = False, words: str = "{value}"
    ) -> Resource:
        """A message with ``value`` in these words."""
        text = words.format(value=value)
        update: Callable[[Mapping[str, Any]], dict[str, Any]] | None = None
        if changeable:
            update = lambda ref: self.outside.update(ref, text)  # noqa: E731
        return Resource(
            incident_id="abc123abc123",
            kind=ResourceKind.CARD,
            spec={"value": value},
            create=lambda: self.outside.create(text),
            find=self.outside.find,
            update=update,
        )

    def stored(self) -> ResourceRow | None:
        """The stored resource, if there is one."""
        with self.store.read() as tx:
            return rows.get(tx, KEY)

    @property
    def row(self) -> ResourceRow:
        """The stored resource."""
        with self.store.read() as tx:
            found = rows.get(tx, KEY)
        assert found is not None
        return found


@contextmanager
def on(database_url: str) -> Iterator[Desk]:
    """A desk with one incident on an empty database."""
    store = Store(database_url)
    store.migrate()
    stored(store)
    yield Desk(store=store, clock=Hands(), outside=Outside())
    store.close()
