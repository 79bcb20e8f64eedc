"""The services that Slack's handlers call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain.time_parsing import Reader
from bot.ports import Clock
from bot.services.adopt import ChannelFacts
from bot.services.approval import Approvals
from bot.services.audit import Audit
from bot.services.authorize import Authorize
from bot.services.catch_up import CatchUps
from bot.services.conflicts import Conflicts
from bot.services.declare import Declare
from bot.services.diagnose import Diagnoses
from bot.services.edit_publishing import EditPublishing
from bot.services.edits import Edits
from bot.services.endings import Endings
from bot.services.evidence import Evidence
from bot.services.home import Homes
from bot.services.incidents import Incidents
from bot.services.items import Items
from bot.services.joining import Joining
from bot.services.notify import Notify
from bot.services.obligations import Obligations
from bot.services.on_call import OnCallLookup
from bot.services.participants import Participants
from bot.services.publish import Publish
from bot.services.record import Record
from bot.services.reminders import Reminders
from bot.services.report import Reports
from bot.services.run import Runs
from bot.services.search import Search
from bot.services.settings import Settings
from bot.services.subscriptions import Subscriptions
from bot.services.sync import Sync


@dataclass(frozen=True, kw_only=True)
class HandlerContext:
    """Everything a handler may use. ``severity_help`` describes each severity, by its name."""

    now: Clock
    settings: Settings
    homes: Homes
    incidents: Incidents
    catch_ups: CatchUps
    items: Items
    declare: Declare
    channel_facts: ChannelFacts
    joining: Joining
    participants: Participants
    diagnoses: Diagnoses
    edits: Edits
    edit_publishing: EditPublishing
    evidence: Evidence
    changes: Endings
    conflicts: Conflicts
    record: Record
    reminders: Reminders
    runs: Runs
    notify: Notify
    obligations: Obligations
    on_call: OnCallLookup
    authorize: Authorize
    audit: Audit
    reports: Reports
    approvals: Approvals
    publish: Publish
    search: Search
    subscriptions: Subscriptions
    sync: Sync
    severity_help: Mapping[str, str]

    @property
    def reader(self) -> Reader:
        """Reads the times that people type, as of now."""
        return Reader(zone=self.settings.zone, now=self.now(), order=self.settings.date_order)
