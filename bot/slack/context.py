"""The services that Slack's handlers call, and the few questions that most of them ask first."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.incident import Incident
from bot.errors import UserError
from bot.ports import Clock
from bot.services.authorize import Authorize
from bot.services.change import Changes, StateChange
from bot.services.declare import Declare
from bot.services.publish import Publish
from bot.services.record import Record
from bot.services.report import Reports
from bot.services.run import Runs
from bot.services.settings import Settings
from bot.services.sync import Sync
from bot.slack.request import SlackRequest
from bot.store.engine import Store


@dataclass(frozen=True, kw_only=True)
class HandlerContext:
    """Everything a handler may use."""

    store: Store
    now: Clock
    settings: Settings
    declare: Declare
    changes: Changes
    record: Record
    runs: Runs
    authorize: Authorize
    reports: Reports
    publish: Publish
    sync: Sync
    severity_help: dict[str, str]

    def incident(self, request: SlackRequest) -> Incident:
        """The incident of the channel in which something was asked.

        Raises:
            UserError: the channel is no incident's.
        """
        found = self.record.incident_of(request.team_id, request.channel)
        if found is None:
            raise UserError(
                "This is not an incident's channel: go to one (/incident list shows them), or "
                "declare an incident with /incident declare."
            )
        return found

    def change(self, request: SlackRequest, incident_id: str) -> StateChange:
        """The request as the services record it."""
        return StateChange(
            incident_id=incident_id, by=request.user, idempotency_key=request.idempotency_key
        )

    def may_run(self, request: SlackRequest, channel: str) -> None:
        """Return if this person may run a runbook there; raises UserError where not."""
        self.authorize.runbook(
            team_id=request.team_id,
            user_team=request.user_team,
            user=request.user,
            channel_id=channel,
        )
