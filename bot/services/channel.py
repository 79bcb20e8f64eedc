"""Opens an incident's channel once, under a name that is reserved before Slack is called.

Slack's ``name_taken`` does not say whose channel it is. It is the incident's when the bot created it
after the first attempt and no other incident has it: then an earlier attempt succeeded and its answer was
lost. Otherwise the incident gets the next name; after a lost answer only once Slack's list
can be trusted.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.domain.incident import Incident
from bot.domain.naming import channel_name
from bot.domain.resources import ResourceKind
from bot.errors import NeedsHuman, RetryLater, UserError
from bot.ports import JSON, Channel, Chat
from bot.services.reconciler import EnsureResult, Reconciler, Resource
from bot.services.settings import Settings
from bot.store import incidents as rows
from bot.store import resources as resource_rows
from bot.store.engine import Store, Tx

RESOLUTION = timedelta(seconds=2)
"""How exactly Slack's time is known; channels are dated in whole seconds."""
LISTED_LATE = timedelta(minutes=2)
"""How long Slack's list of channels may lag behind an answer that was lost."""
MOST_NAMES = 30

NO_NAME_LEFT = "Every channel name for this title is taken. Give the incident another title."
NAMES_KEEP_FAILING = "Every channel name that mayday tried was taken in the meantime."
NOT_LISTED_YET = (
    "Slack did not answer when mayday opened #{name}, and its list of channels does not show it yet. "
    "mayday will look again."
)
NOT_PRIVATE = (
    "Slack created #{name} as a public channel although the incident is private. mayday posted nothing "
    "there and invited nobody. Archive the channel and open a private one by hand."
)


def reserve_name(tx: Tx, settings: Settings, incident: Incident, *, taken: int) -> tuple[str, int]:
    """The first name from ``taken`` on that no other incident has reserved."""
    for count in range(taken, taken + MOST_NAMES):
        name = channel_name(
            settings.channel_template,
            title=incident.title,
            declared_at=incident.declared_at,
            taken=count,
            drill=incident.drill,
        )
        holder = rows.by_name(tx, incident.team_id, name)
        if holder is None or holder.id == incident.id:
            return name, count
    raise UserError(NO_NAME_LEFT)


class Channels:
    """Opens incident channels."""

    def __init__(
        self, store: Store, reconciler: Reconciler, chat: Chat, settings: Settings
    ) -> None:
        self._store = store
        self._reconciler = reconciler
        self._chat = chat
        self._settings = settings

    def open(self, incident_id: str) -> EnsureResult:
        """Ensure that the incident has its channel, and store its id."""
        with self._store.read() as tx:
            incident = rows.get(tx, incident_id)
        is_unanswered = False

        def find(since: datetime | None) -> JSON | None:
            nonlocal is_unanswered
            is_unanswered = True
            return self._find(incident_id, since)

        return self._reconciler.ensure(
            Resource(
                incident_id=incident_id,
                kind=ResourceKind.CHANNEL,
                spec={"private": incident.private},
                create=lambda: self._create(incident_id, is_unanswered=is_unanswered),
                find=find,
                record=lambda tx, ref: rows.bind_channel(tx, incident_id, ref["channel"]),
            )
        )

    def _create(self, incident_id: str, *, is_unanswered: bool) -> JSON:
        """Create the channel; ``is_unanswered`` says that an earlier attempt may have created it."""
        for _ in range(MOST_NAMES):
            with self._store.read() as tx:
                incident = rows.get(tx, incident_id)
            try:
                made = self._chat.open_channel(incident.channel_name, private=incident.private)
                return self._checked(incident, made)
            except UserError as exc:
                if exc.code != "name_taken":
                    raise
            began = self._began(incident_id)
            found = self._find(incident_id, began)
            if found is not None:
                return found
            if is_unanswered and began is not None and self._chat.time() < began + LISTED_LATE:
                raise RetryLater(NOT_LISTED_YET.format(name=incident.channel_name))
            with self._store.write() as tx:
                taken = rows.names_taken(tx, incident_id) + 1
                name, count = reserve_name(tx, self._settings, incident, taken=taken)
                rows.rename(tx, incident, name, taken=count)
        raise RetryLater(NAMES_KEEP_FAILING, maybe_done=False)

    def _began(self, incident_id: str) -> datetime | None:
        """Slack's time before the first attempt."""
        with self._store.read() as tx:
            row = resource_rows.find(tx, incident_id, ResourceKind.CHANNEL)
        return row.anchor if row else None

    def _find(self, incident_id: str, since: datetime | None) -> JSON | None:
        with self._store.read() as tx:
            incident = rows.get(tx, incident_id)
        found = self._chat.find_own_channel(incident.channel_name)
        if found is None or found.is_archived:
            return None
        if found.creator != self._chat.identity().user_id:
            return None
        if since is None or found.created < since - RESOLUTION:
            return None
        with self._store.read() as tx:
            holder = rows.by_channel(tx, found.id)
        if holder is not None and holder.id != incident.id:
            return None
        return self._checked(incident, found)

    def _checked(self, incident: Incident, channel: Channel) -> JSON:
        if incident.private and not channel.is_private:
            raise NeedsHuman(NOT_PRIVATE.format(name=channel.name))
        return {"channel": channel.id, "name": channel.name}
