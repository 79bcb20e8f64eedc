"""Who may run a runbook: decided here, once, for the command, the form and every button.

Nobody may until somebody is listed under ``runbooks.allow``. Guests and people of other workspaces never
may, and nobody may in a channel shared by Slack Connect. A question that Slack does not answer counts as
no. Slack is asked each time, since somebody may have become a guest since the last.
"""

from __future__ import annotations

from bot.errors import RetryLater, UserError
from bot.ports import Chat
from bot.services.settings import Settings

OTHER_WORKSPACE = "Only people of this workspace can run runbooks. Ask one of them to run it."
SHARED_CHANNEL = (
    "Runbooks don't run in a channel that is shared with another organization. "
    "Use an incident channel of your own workspace."
)
GUEST = "Guests can't run runbooks. Ask a member of the workspace to run it."
NOT_LISTED = (
    "You are not on the list of people who may run runbooks. Ask somebody who is, or have {user} or one of "
    "your user groups added to runbooks.allow in mayday.yaml."
)
NO_ANSWER = "Slack did not confirm who you are, so nothing was run. Try again in a minute."
HIDDEN_GROUP = "{error} mayday needs the members of {group}, listed in runbooks.allow.groups."


class Authorize:
    """Decides who may run runbooks."""

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
                raise UserError(OTHER_WORKSPACE)
            if self._chat.channel(channel_id).is_shared:
                raise UserError(SHARED_CHANNEL)
            profile = self._chat.profile(user)
            if profile.is_guest or profile.is_bot:
                raise UserError(GUEST)
            if self._settings.open_to_all or user in self._settings.may_run_users:
                return
            if self._is_in_a_group(user):
                return
        except RetryLater as exc:
            raise UserError(NO_ANSWER) from exc
        raise UserError(NOT_LISTED.format(user=user))

    def _is_in_a_group(self, user: str) -> bool:
        """Whether one of the groups has this person. A group that Slack does not show is skipped.

        Raises:
            UserError: none of the groups that Slack shows has them, and another is not shown.
        """
        hidden: list[UserError] = []
        for group in sorted(self._settings.may_run_groups):
            try:
                if user in self._chat.group_members(group):
                    return True
            except UserError as exc:
                hidden.append(UserError(HIDDEN_GROUP.format(error=exc, group=group)))
        if hidden:
            raise hidden[0]
        return False
