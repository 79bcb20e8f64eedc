"""Texts for the people served: drafted from templates, and sent once a person has approved the exact words.

The hub's own page is left to the runbook ``notify-users``, with its plan and approval.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from hashlib import sha256

from bot.domain.audiences import TEXT_LIMIT, Audience
from bot.domain.incident import Incident
from bot.domain.mrkdwn import escape
from bot.domain.resources import ResourceKind
from bot.domain.state_change import StateChange
from bot.domain.timeline import EntryKind
from bot.errors import UserError
from bot.ports import Chat, Clock, Durable
from bot.render import notify as words
from bot.render.times import clocks
from bot.services import sync
from bot.services.channel_guard import LookAt, check_public
from bot.services.guard import Guards
from bot.services.incident_snapshot import Snapshot
from bot.services.posts import Destination, Posts
from bot.services.reconciler import Resource
from bot.services.settings import Settings
from bot.store import audit
from bot.store import incidents as rows
from bot.store import resources as resource_rows
from bot.store import timeline as timeline_rows
from bot.store.engine import Store

NO_AUDIENCE = "There is no audience “{name}”. The audiences are {known}."
NO_TEXT = "Write what people should read."
LONG_TEXT = "The text has {length} characters: shorten it to {limit}."
NO_CHANNELS = "No channel is configured for the {name}: copy the text and send it yourself."
IS_PRIVATE = (
    "This incident is private, so mayday sends nothing about it. Copy the text if you need it."
)
INTERNAL = "The text has what people served must not read ({what}): take it out and send it again."
MENTIONS = "mentions of people or channels"
CHANNEL = "the incident's channel or a link to Slack"

_MENTION = re.compile(r"<[@#!]|(?<![\w.])@(?:here|channel|everyone)\b")
_SLACK = re.compile(r"\bslack\.com\b|\binc-\d{4}-\d\d-\d\d-", re.IGNORECASE)


class Notify:
    """Drafts and sends them."""

    def __init__(
        self, store: Store, durable: Durable, now: Clock, settings: Settings, guards: Guards
    ) -> None:
        self._store = store
        self._durable = durable
        self._now = now
        self._settings = settings
        self._guards = guards

    def audiences(self, incident: Incident) -> list[Audience]:
        """The audiences that the incident may concern; all if it concerns none."""
        found = [one for one in self._settings.audiences if one.is_affected(incident)]
        return found or list(self._settings.audiences)

    def audience(self, name: str) -> Audience:
        """The audience of this name, in any case.

        Raises:
            UserError: there is none.
        """
        every = self._settings.audiences
        found = next((one for one in every if one.name.casefold() == name.casefold()), None)
        if found is None:
            known = ", ".join(one.name for one in every)
            raise UserError(NO_AUDIENCE.format(name=name, known=known))
        return found

    def draft(self, incident: Incident, audience: Audience) -> str:
        """The text for the incident's present state."""
        with self._store.read() as tx:
            reminder = rows.reminder_of(tx, incident.id) if incident.is_open else None
        due = reminder.due_at if reminder else None
        if due is None or due <= self._now():
            return audience.draft(incident, next_update="")
        at = due.astimezone(self._settings.zone)
        return audience.draft(incident, next_update=f"by {clocks(at, None, zone=True)}")

    def send(self, change: StateChange, audience: Audience, text: str) -> None:
        """Have exactly this text posted in the audience's channels, once each.

        Raises:
            UserError: it is empty, too long or has what must not be in it; there is no channel to send it
                to, or the incident is private.
        """
        text = text.strip()
        self._check(change.incident_id, text)
        if not audience.channels:
            raise UserError(NO_CHANNELS.format(name=audience.name))
        now, act = self._now(), sha256(change.idempotency_key.encode()).hexdigest()[:16]
        with self._store.write() as tx:
            incident = rows.get(tx, change.incident_id, lock=True)
            if incident.private:
                raise UserError(IS_PRIVATE)
            said = {"audience": audience.name, "channels": [*audience.channels]}
            is_new = timeline_rows.add_entry(
                tx,
                incident_id=incident.id,
                at=now,
                now=now,
                kind=EntryKind.NOTIFIED,
                author=change.by,
                data={**said, "text": escape(text)},  # kept as in a message
                source=change.idempotency_key,
            )
            if not is_new:
                return
            for number, channel in enumerate(dict.fromkeys(audience.channels), start=1):
                spec = {"channel": channel, "text": text}
                resource_rows.add(
                    tx, incident.id, ResourceKind.NOTIFIED, f"{act}/{number}", spec=spec, now=now
                )
            audit.add(tx, change.line("incident.notify", after={**said, "text": text}))
            sync.enqueue(self._durable, tx, incident.id, change.idempotency_key)

    def _check(self, incident_id: str, text: str) -> None:
        if not text:
            raise UserError(NO_TEXT, field="text")
        if len(text) > TEXT_LIMIT:
            raise UserError(LONG_TEXT.format(length=len(text), limit=TEXT_LIMIT), field="text")
        with self._store.read() as tx:
            incident = rows.get(tx, incident_id)
        _shown, kinds = self._guards.unpublishable(incident_id, text)
        found = sorted(kinds)
        found += [MENTIONS] if _MENTION.search(text) else []
        is_named = incident.channel_name.casefold() in text.casefold()
        found += [CHANNEL] if is_named or _SLACK.search(text) else []
        if found:
            raise UserError(INTERNAL.format(what=", ".join(found)), field="text")


def sent_texts(snap: Snapshot, posts: Posts, chat: Chat, look: LookAt) -> Iterator[Resource]:
    """The texts that a person approved and that are not posted yet; none of a private incident."""
    for row in snap.resources.values():
        if row.kind is ResourceKind.NOTIFIED and not row.ref and not snap.incident.private:
            yield posts.resource(
                snap.incident,
                row.kind,
                row.subject,
                spec=row.spec,
                render=partial(words.public_text, str(row.spec["text"])),
                to=Destination(
                    channel=partial(chat.resolve, str(row.spec["channel"])),
                    check=partial(check_public, snap.incident.id, look),
                ),
                fixed=True,
            )
