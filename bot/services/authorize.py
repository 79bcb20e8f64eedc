"""Who may run a runbook: decided here, once, for the command and for every button.

Nobody may until somebody is listed under ``runbooks.allow``; guests, people of other workspaces and
channels shared by Slack Connect never may. What cannot be asked counts as no,
and it is asked anew each time: somebody may have become a guest since.
"""

from __future__ import annotations

from bot.errors import RetryLater, UserError
from bot.ports import Chat
from bot.services.settings import Settings


class Authorize:
    """Decides."""

    def __init__(self, chat: Chat, settings: Settings) -> None:
        self._chat = chat
        self._settings = settings

    def runbook(self, *, team_id: str, user_team: str, user: str, channel_id: str) -> None:
        """Return if this person may run a runbook in this channel.

        Raises:
            UserError: they may not, and why.
        """
        try:
            if user_team != team_id:
                raise UserError(
                    "Runbooks are for people of this workspace: ask one of them to run it."
                )
            if self._chat.channel(channel_id).is_shared:
                raise UserError(
                    "Runbooks never run in a channel that is shared with another organisation: "
                    "use an incident channel of your own workspace."
                )
            profile = self._chat.profile(user)
            if profile.is_guest or profile.is_bot:
                raise UserError(
                    "Guests may not run runbooks: ask a member of the workspace to run it."
                )
            if self._settings.open_to_all or user in self._settings.may_run_users:
                return
            if self._is_in_a_group(user):
                return
        except RetryLater as exc:
            raise UserError(
                "Slack did not say who you are, so nothing was run: try again in a minute."
            ) from exc
        raise UserError(
            "You are not on the list of those who may run runbooks: ask one who is, or have "
            f"{user} or a group of yours added to runbooks.allow in mayday.yaml."
        )

    def _is_in_a_group(self, user: str) -> bool:
        """Whether one of the groups has this person. One that Slack does not show stops no other.

        Raises:
            UserError: in none of those that it shows, and why another could not be asked.
        """
        hidden: list[UserError] = []
        for group in sorted(self._settings.may_run_groups):
            try:
                if user in self._chat.group_members(group):
                    return True
            except UserError as exc:
                hidden.append(
                    UserError(f"{exc} It was to tell who is in {group} of runbooks.allow.groups.")
                )
        if hidden:
            raise hidden[0]
        return False
