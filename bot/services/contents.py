"""Changes what a report says besides its entries: the incident's times and its hubs.

A change is one transaction with its revision and its line of the audit log. It has no timeline entry, since
it says something about the outage and isn't a part of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from types import MappingProxyType

from bot.domain.incident import Incident
from bot.domain.milestones import Milestone, Times
from bot.domain.report_parts import ABOUT, TIMES
from bot.domain.resources import as_json, digest
from bot.domain.state_change import StateChange
from bot.domain.typed_time import TypedTime
from bot.errors import UserError
from bot.ports import Clock, Durable
from bot.services.edits import part_values, published, revise
from bot.services.entries import Edited
from bot.store import incidents as rows
from bot.store import report_revisions
from bot.store.engine import Store

TIMES_CHANGED = "Somebody changed these times after you opened the form. Open it again."
HUB_GIVEN = "“{hub}” is already among the hubs, with the same address."
NO_SUCH_HUB = "“{hub}” is not among the hubs: {hubs}."
LONG_HUB = "Shorten the name of the hub to {limit} characters."
MANY_HUBS = "An incident has at most {limit} hubs."

HUB_LIMIT = 100
"""Characters of a hub's name."""
HUBS_LIMIT = 50


def times_version(times: Times) -> str:
    """A hash of the times that people set; it differs once one has changed."""
    return digest(as_json(times))[:16]


class Contents:
    """Changes of one incident's report. ``edited`` is called with each."""

    def __init__(
        self, store: Store, durable: Durable, now: Clock, *, edited: Edited | None = None
    ) -> None:
        self._store = store
        self._durable = durable
        self._now = now
        self._edited = edited or partial(published, durable)

    def times(
        self,
        change: StateChange,
        told: Mapping[Milestone, TypedTime | None],
        *,
        version: str = "",
    ) -> tuple[Incident, Incident]:
        """Set times, or unset those that are None; return the incident before and after.

        ``version`` is that of the times that the person saw, if it is known.

        Raises:
            UserError: the times are other ones now.
        """

        def changed(incident: Incident) -> Incident:
            if version not in ("", times_version(incident.milestones)):
                raise UserError(TIMES_CHANGED)
            merged = {**incident.milestones, **told}
            kept = {name: time for name in Milestone if (time := merged.get(name))}
            return replace(incident, milestones=MappingProxyType(kept))

        return self._change(change, TIMES, changed)

    def add_hub(self, change: StateChange, hub: str, url: str) -> Incident:
        """Add a hub, configured or not; ``url`` is its address in this report, empty for the configured one.

        Raises:
            UserError: it is there already, its name is too long, or there are too many.
        """
        if len(hub) > HUB_LIMIT:
            raise UserError(LONG_HUB.format(limit=HUB_LIMIT))

        def changed(incident: Incident) -> Incident:
            urls = incident.report_options.hub_urls
            if hub in incident.hubs and url in ("", urls.get(hub)):
                raise UserError(HUB_GIVEN.format(hub=hub))
            if hub not in incident.hubs and len(incident.hubs) >= HUBS_LIMIT:
                raise UserError(MANY_HUBS.format(limit=HUBS_LIMIT))
            hubs = tuple(dict.fromkeys((*incident.hubs, hub)))
            return _with_hubs(incident, hubs, {**urls, hub: url} if url else urls)

        return self._change(change, ABOUT, changed)[1]

    def remove_hub(self, change: StateChange, hub: str) -> Incident:
        """Remove a hub.

        Raises:
            UserError: it is not among the incident's hubs.
        """

        def changed(incident: Incident) -> Incident:
            if hub not in incident.hubs:
                hubs = ", ".join(incident.hubs) or "there are none"
                raise UserError(NO_SUCH_HUB.format(hub=hub, hubs=hubs))
            urls = incident.report_options.hub_urls
            return _with_hubs(
                incident,
                tuple(name for name in incident.hubs if name != hub),
                {name: url for name, url in urls.items() if name != hub},
            )

        return self._change(change, ABOUT, changed)[1]

    def _change(
        self, change: StateChange, part: str, changed: Callable[[Incident], Incident]
    ) -> tuple[Incident, Incident]:
        with self._store.write(beside=change.may_publish) as tx:
            before = rows.get(tx, change.incident_id, lock=True)
            if report_revisions.is_known(tx, before.id, change.idempotency_key):
                return before, before
            after = changed(before)
            rows.save(tx, after)
            old, new = part_values(before, part), part_values(after, part)
            revise(self._edited, tx, change, before, part, old, new, at=self._now())
        return before, after


def _with_hubs(incident: Incident, hubs: tuple[str, ...], urls: Mapping[str, str]) -> Incident:
    options = replace(incident.report_options, hub_urls=MappingProxyType(dict(urls)))
    return replace(incident, hubs=hubs, report_options=options)
