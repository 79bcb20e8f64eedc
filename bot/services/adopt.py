"""What Slack says of a channel that an incident takes over, or in which somebody declares from a message."""

from __future__ import annotations

from bot.domain.incident import OriginMessage
from bot.domain.slack_message import permalink
from bot.domain.timeline import Message
from bot.errors import UserError
from bot.ports import Chat
from bot.services.declare import AdoptedChannel
from bot.services.settings import Settings

DIRECT = (
    "This is a direct message. Type the command in the channel that the incident is to take over."
)
NOT_SHOWN = (
    "Slack doesn't show mayday this channel. Type /invite and mayday's name there, then try again."
)
ARCHIVED = "This channel is archived. Unarchive it first."
SHARED = (
    "This channel is shared with another organization, so mayday doesn't take it over: people there would "
    "see the incident. Declare an incident with a channel of its own instead."
)
ANNOUNCES = (
    "mayday announces incidents in this channel, so it can't be an incident's. Use another one."
)


class ChannelFacts:
    """Asks Slack about channels."""

    def __init__(self, chat: Chat, settings: Settings) -> None:
        self._chat = chat
        self._settings = settings

    def adoptable(self, channel_id: str) -> AdoptedChannel:
        """The channel as an incident can take it over; mayday joins a public one.

        Raises:
            UserError: it can't be taken over, and why.
            RetryLater: Slack did not say.
        """
        if channel_id.startswith("D"):
            raise UserError(DIRECT)
        try:
            channel = self._chat.channel(channel_id)
        except UserError as exc:
            if exc.code != "channel_not_found":
                raise
            raise UserError(NOT_SHOWN) from exc
        if channel.is_archived:
            raise UserError(ARCHIVED)
        if channel.is_shared:
            raise UserError(SHARED)
        announces = self._settings.announce_channel
        if announces in (channel.id, channel.name, f"#{channel.name}"):
            raise UserError(ANNOUNCES)
        if not channel.is_member:
            if channel.is_private:
                raise UserError(NOT_SHOWN)
            self._chat.join(channel.id)
        return AdoptedChannel(id=channel.id, name=channel.name, is_private=channel.is_private)

    def origin(
        self, channel_id: str, ts: str, *, thread_ts: str = "", author: str = ""
    ) -> OriginMessage:
        """A message as an incident's origin; mayday answers in its thread only in a public channel.

        Raises:
            RetryLater: Slack did not say how the channel is.
        """
        link = permalink(self._chat.identity().url, channel_id, ts, thread_ts)
        return OriginMessage(
            channel=channel_id,
            ts=ts,
            thread_ts=thread_ts,
            author=author,
            permalink=link,
            can_reply=self.is_public(channel_id),
        )

    def message(self, channel_id: str, ts: str) -> Message | None:
        """A message as it is now; None for a reply in a thread, and where Slack shows none.

        Raises:
            RetryLater: Slack did not say.
        """
        try:
            for page in self._chat.history(channel_id, oldest=ts, latest=ts):
                for each in page:
                    if each.message.ts == ts:
                        return each.message
        except UserError:
            return None
        return None

    def is_public(self, channel_id: str) -> bool:
        """Whether everybody of this workspace, and nobody else, can read the channel.

        Raises:
            RetryLater: Slack did not say.
        """
        if channel_id.startswith("D"):
            return False
        try:
            channel = self._chat.channel(channel_id)
        except UserError:
            return False  # Slack shows mayday no such channel, so it is private
        return not (channel.is_private or channel.is_shared or channel.is_archived)
