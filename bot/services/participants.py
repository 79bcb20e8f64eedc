"""The people who take part in an incident, to be invited where it continues."""

from __future__ import annotations

import structlog

from bot.domain.incident import Incident
from bot.errors import UserError
from bot.ports import Chat
from bot.services.people import People

log = structlog.get_logger()


class Participants:
    """Asks Slack who is in an incident's channel."""

    def __init__(self, chat: Chat, people: People) -> None:
        self._chat = chat
        self._people = people

    def of(self, incident: Incident) -> list[str]:
        """The user ids of the members in its channel, without guests, bots and people of other workspaces;
        those with a part in it where Slack doesn't show the channel.

        Raises:
            RetryLater: Slack did not say.
        """
        in_charge = [incident.declared_by, *incident.roles.values()]
        members: list[str] = []
        if incident.channel_id:
            try:
                members = list(self._chat.members(incident.channel_id))
            except UserError as exc:
                log.info("participants.not_shown", incident=incident.id, error=str(exc))
        return [user for user in dict.fromkeys([*in_charge, *members]) if self._is_ours(user)]

    def _is_ours(self, user: str) -> bool:
        me = self._chat.identity()
        try:
            profile = self._people.recent_profile(me.team_id, user)
        except UserError:
            return False
        is_other = profile.is_bot or profile.is_deleted or profile.is_guest
        return not (is_other or profile.is_foreign(me))
