"""Reminders of action items: to their owners when they are due, then to others, and a weekly digest.

As with reminders to post an update, the transaction that requests a message also sets when the next one is
due, so a kill neither loses nor repeats one, and those missed while mayday was down become one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog

from bot import deadline
from bot.domain.actions import ActionItem, ListedItem
from bot.domain.incident import Incident, Policy
from bot.domain.item_policy import digest_moment, due_day, is_person
from bot.domain.leading import in_charge
from bot.domain.limits import Limits
from bot.domain.resources import ResourceKind
from bot.errors import RetryLater, UserError
from bot.ports import JSON, Chat, Clock, Durable
from bot.render import items as words
from bot.services import sync
from bot.services.channel_guard import LookAt, check_public
from bot.services.incident_snapshot import Snapshot
from bot.services.incidents import Incidents
from bot.services.lease import Lease
from bot.services.posts import Destination, Posts
from bot.services.reconciler import Resource
from bot.services.settings import Settings
from bot.store import incidents as incident_rows
from bot.store import items as rows
from bot.store import resources as resource_rows
from bot.store.engine import Store, Tx
from bot.store.resources import ResourceRow

LOOK_BACK = timedelta(days=8)
"""How far back a digest is looked for, by Slack's clock: a week and some time."""
UNSENT = timedelta(days=1)
"""When a reminder is due again whose last one is not sent yet: another would only add to it."""
ESCALATION = "escalation"

log = structlog.get_logger()


class ItemNags:
    """Requests reminders and posts the digest. ``now`` is the domain's time."""

    def __init__(
        self,
        store: Store,
        durable: Durable,
        chat: Chat,
        now: Clock,
        settings: Settings,
        incidents: Incidents,
        *,
        lease: Lease,
        limits: Limits,
    ) -> None:
        self._store = store
        self._durable = durable
        self._chat = chat
        self._now = now
        self._settings = settings
        self._incidents = incidents
        self._lease = lease
        self._limits = limits

    def tick(self) -> int:
        """Request the reminders that are due, and post the digest if it is; return how many reminders."""
        requested = self._remind()
        self._digest()
        return requested

    def _remind(self) -> int:
        policy, now = self._settings.items, self._now()
        if not policy.reminds_owner:
            return 0
        with self._store.read() as tx:
            due = rows.due(tx, day=due_day(now, self._settings.zone), now=now)
        requested = 0
        for each in due:
            with self._store.write() as tx:
                requested += self._request(tx, each, now)
        return requested

    def _request(self, tx: Tx, found: ListedItem, now: datetime) -> bool:
        """Request one reminder; False if it is not due any more, or the last one is not sent yet."""
        policy = self._settings.items
        incident = incident_rows.lock_free(tx, found.item.incident_id)
        item = rows.get(tx, found.item.id, lock=True)
        if incident is None or item is None or item != found.item:
            return False  # somebody changes it: the next tick looks again
        to = _addressee(incident, item, self._settings.policy)
        last = resource_rows.find(tx, incident.id, ResourceKind.ITEM_NAG, f"{item.id}/{item.nags}")
        if incident.channel_id is None or _waits(last, incident, to):
            rows.change(tx, replace(item, nag_at=now + UNSENT), ("nag_at",))
            return False
        number = item.nags + 1
        spec = {
            "item": item.id,
            "to": to,
            "number": number,
            "on": now.astimezone(self._settings.zone).date().isoformat(),
        }
        _add(tx, incident, f"{item.id}/{number}", spec, now)
        if policy.escalate_to and number > policy.escalate_after:
            told = {**spec, "to": policy.escalate_to}
            _add(tx, incident, f"{item.id}/{number}/{ESCALATION}", told, now)
        later = replace(item, nag_at=now + policy.every, nags=number)
        rows.change(tx, later, ("nag_at", "nags"))
        sync.enqueue(self._durable, tx, incident.id, f"nag/{item.id}/{number}")
        return True

    def _digest(self) -> None:
        channel, zone = self._settings.items.digest_channel, self._settings.zone
        if not channel:
            return
        now = self._now()
        moment = digest_moment(now, zone, self._settings.items.digest_day)
        with self._store.read() as tx:
            if rows.has_digest(tx, moment.date()):
                return
        # It begins before the claim, so that nothing is sent after the claim has ended.
        with deadline.within(self._limits.call):
            with self._store.write() as tx:
                self._lease.check(tx)
                at = self._store.now(tx)
                until = at + timedelta(seconds=2 * self._limits.call)
                if not rows.claim_digest(tx, moment.date(), self._lease.id, now=at, until=until):
                    return
            try:
                self._post_digest(channel, moment, now)
            except (UserError, RetryLater) as error:
                log.warning("items.digest_not_posted", error=str(error))
                return
        with self._store.write() as tx:
            rows.end_digest(tx, moment.date(), at=self._store.now(tx))

    def _post_digest(self, channel: str, moment: datetime, now: datetime) -> None:
        """Post the open items of public incidents; nothing if there was none when it was due."""
        self._incidents.latch()
        team_id = self._chat.identity().team_id
        with self._store.read() as tx:
            found = rows.visible(rows.listed(tx, team_id=team_id))
            problems = rows.problems(tx)
        if not any(each.item.created_at < moment for each in found):
            return
        effect = f"items/digest/{moment.date()}"
        to, since = self._chat.resolve(channel), self._chat.time() - LOOK_BACK
        if self._chat.find_post(to, effect, since=since) is None:
            today = now.astimezone(self._settings.zone).date()
            self._chat.post(to, words.digest(found, problems, today=today), effect=effect)


def say_lost(tx: Tx, item: ActionItem, policy: Policy, *, now: datetime) -> None:
    """Notify people that an item's issue is gone, so that the item's state is unknown."""
    incident = incident_rows.get(tx, item.incident_id)
    spec = {"item": item.id, "to": _addressee(incident, item, policy), "lost": item.issue_state}
    _add(tx, incident, f"{item.id}/{item.issue_state}", spec, now)


def nag_resources(
    snap: Snapshot, posts: Posts, chat: Chat, look: LookAt, *, inside: bool
) -> Iterator[Resource]:
    """The reminders that were requested: those in the incident's channel if ``inside``, else the others.

    A private incident's are in its own channel only. Once an item is finished, its reminders say so.
    """
    incident = snap.incident
    for row in snap.resources.values():
        item = snap.items.get(str(row.spec.get("item"))) if _is_nag(row) else None
        if item is None or row.spec["is_private"] is not inside:
            continue
        is_withdrawn = incident.private and not inside
        if is_withdrawn and not row.ref:
            continue
        spec = _shown(row, item, is_withdrawn=is_withdrawn)
        yield posts.resource(
            incident,
            ResourceKind.ITEM_NAG,
            row.subject,
            spec=spec,
            render=partial(words.nag, incident, item, spec),
            to=_destination(incident, str(row.spec["to"]), chat, look, inside=inside),
        )


def _destination(
    incident: Incident, to: str, chat: Chat, look: LookAt, *, inside: bool
) -> Destination:
    if inside:
        return Destination(channel=lambda: incident.channel_id or "")
    if incident.private:  # it is only withdrawn
        return Destination(channel=partial(_channel_of, chat, to))
    return Destination(
        channel=partial(_channel_of, chat, to), check=lambda: check_public(incident.id, look)
    )


def _is_nag(row: ResourceRow) -> bool:
    return row.kind is ResourceKind.ITEM_NAG


def _waits(last: ResourceRow | None, incident: Incident, to: str) -> bool:
    """Whether the last reminder is not sent yet, and still goes where the next one would."""
    if last is None or last.ref:
        return False
    return last.spec["is_private"] == incident.private and (
        incident.private or last.spec["to"] == to
    )


def _shown(row: ResourceRow, item: ActionItem, *, is_withdrawn: bool) -> JSON:
    """What a reminder shows: the request, and the item's current state."""
    asked = {key: row.spec[key] for key in row.spec if key not in ("state", "by", "withdrawn")}
    shown: dict[str, Any] = {**asked, "state": item.state, "by": item.state_by}
    return {**shown, "withdrawn": True} if is_withdrawn else shown


def _channel_of(chat: Chat, to: str) -> str:
    """The conversation for a channel's name or id, or with a person."""
    return chat.open_dm(to) if is_person(to) else chat.resolve(to)


def _addressee(incident: Incident, item: ActionItem, policy: Policy) -> str:
    """Who is reminded of an item: its owner, else who led or declared the incident."""
    return item.owner or in_charge(incident, policy)


def _add(tx: Tx, incident: Incident, subject: str, spec: dict[str, Any], now: datetime) -> None:
    shown = {**spec, "is_private": incident.private}
    resource_rows.add(tx, incident.id, ResourceKind.ITEM_NAG, subject, spec=shown, now=now)
