"""mayday's Slack handlers over SQLite, without a Slack, a hub or durable work.

A test sends a payload and checks the acknowledgement, the answer and the rows. Tests
with the practice Slack show that the payloads match Slack's.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

from bot.domain.actions import ActionItem
from bot.domain.incident import Incident, Policy
from bot.domain.limits import Limits
from bot.domain.run_policy import RunPolicy
from bot.domain.state_change import StateChange
from bot.domain.timeline import Entry, Heading
from bot.services import publish
from bot.services.adopt import ChannelFacts
from bot.services.audit import Audit
from bot.services.authorize import Authorize
from bot.services.catch_up import CatchUps
from bot.services.channel_watch import ChannelWatch
from bot.services.compose import Composer
from bot.services.conflicts import Conflicts
from bot.services.declare import Declare
from bot.services.diagnose import Diagnoses
from bot.services.edit_publishing import EditPublishing
from bot.services.edits import Edits
from bot.services.endings import Endings
from bot.services.evidence import Evidence
from bot.services.guard import Guards
from bot.services.home import Homes
from bot.services.inbox import Inbox
from bot.services.incidents import Incidents
from bot.services.items import Items
from bot.services.joining import Joining
from bot.services.notify import Notify
from bot.services.obligations import Obligations
from bot.services.on_call import OnCallLookup, Schedule
from bot.services.participants import Participants
from bot.services.people import People
from bot.services.record import Record
from bot.services.reminders import Reminders
from bot.services.report import Reports
from bot.services.run import Runs
from bot.services.search import Search
from bot.services.settings import Settings
from bot.services.subscriptions import Subscriptions
from bot.slack.context import HandlerContext
from bot.slack.dispatcher import Dispatcher
from bot.store import incidents as incident_rows
from bot.store import runs as run_rows
from bot.store import timeline as timeline_rows
from bot.store.engine import Store
from tests.support.books import RUNBOOKS
from tests.support.entered import unchanged, with_value
from tests.support.hubs import PLACE
from tests.support.leases import AlwaysHeld
from tests.support.rows import CHANNEL, NOW, POLICY, TEAM, Hands, NoWork, hub_places
from tests.support.slack_answers import SlackAnswers

ANA, BEN = "U0ANA", "U0BEN"
ELSEWHERE = "C0GENERAL"
ROOT = "V0ROOT"
"""The form below the others."""

HELP = {"sev1": "everybody", "sev2": "many", "sev3": "a few"}


@dataclass(kw_only=True)
class Answer:
    """How a request was acknowledged and answered. ``errors`` are a form's."""

    acks: list[dict[str, Any]] = field(default_factory=list)
    posts: list[dict[str, Any]] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The answer's text."""
        return "\n".join(str(post.get("text") or "") for post in (*self.acks, *self.posts)).strip()

    @property
    def blocks(self) -> list[dict[str, Any]]:
        """The blocks of the answer."""
        return [b for post in (*self.acks, *self.posts) for b in post.get("blocks") or ()]

    @property
    def errors(self) -> dict[str, str]:
        """The errors at a form's inputs."""
        return next((ack["errors"] for ack in self.acks if "errors" in ack), {})


class Desk:
    """mayday's Slack handlers over a database. ``values`` change settings."""

    def __init__(
        self, store: Store, *, policy: Policy = POLICY, owner: str = "replica", **values: Any
    ) -> None:
        self.store = store
        self.now = Hands(NOW + timedelta(minutes=10))
        self.work = NoWork()
        self.slack = SlackAnswers()
        self._numbers = itertools.count(1)
        hubs = values.pop("hubs", ("datahub",))
        schedules: dict[str, Schedule] = values.pop("schedules", {})
        policies: dict[str, RunPolicy] = values.pop("policies", {})
        places: Any = values.pop("sites", None) or {
            name: SimpleNamespace(place=replace(PLACE, hub=name), notices=None) for name in hubs
        }
        self.settings = Settings(
            policy=policy,
            reactions={"pushpin": Heading.TIMELINE},
            groups=("Documentation improvements", "Technical improvements"),
            channel_template="inc-{date}-{slug}",
            announce_channel="#incidents",
            zone=ZoneInfo("America/Los_Angeles"),
            hubs=hub_places(hubs),
            **{
                "intervals": {name: timedelta(minutes=30) for name in policy.severities},
                "report_form": "2017",
                **values,
            },
        )
        chat: Any = self.slack
        self.watch = ChannelWatch(store, chat, self.work, self.now, policy)
        self.audit = Audit(store)
        people = People(store, chat, self.now)
        self.authorize = Authorize(chat, people, self.settings, self.audit, look=self.watch.look)
        self.diagnoses = Diagnoses(
            store, self.work, self.now, sites=places, wall=lambda: datetime.now(UTC)
        )
        self.runs = Runs(
            store,
            self.work,
            runbooks={
                book.name: replace(book, policy=policies.get(book.name, book.policy))
                for book in RUNBOOKS
            },
            sites=places,
            wall=lambda: datetime.now(UTC),
        )
        asked: Any = SimpleNamespace(request=self._publish)
        self.reports = Reports(store, people, self.settings)
        guards = Guards(store, self.settings)
        self.composer = Composer(
            store,
            self.reports,
            self.settings.filing,
            self.settings.targets,
            guards,
            self.settings.forms,
            files_drills=self.settings.files_drills,
        )
        self.publishing = EditPublishing(store, self.work, self.composer, self.now, self.settings)
        edited = self.publishing.edited
        items = Items(store, self.now, self.settings, place=self.place)
        self.incidents = Incidents(store, chat, self.watch.latch_all)
        self.homes = Homes(
            store,
            chat,
            self.now,
            self.settings,
            self.authorize,
            self.incidents,
            items,
            runbooks=self.runs.runbooks,
            begin=lambda work: work(),
        )
        self.context = HandlerContext(
            now=self.now,
            settings=self.settings,
            homes=self.homes,
            incidents=self.incidents,
            catch_ups=CatchUps(store, self.settings),
            items=items,
            declare=Declare(
                store,
                self.work,
                self.now,
                self.settings,
                take_diagnosis=self.diagnoses.take_into,
                latch=self.incidents.latch,
            ),
            channel_facts=ChannelFacts(chat, self.settings),
            joining=Joining(store, self.work, self.now),
            participants=Participants(chat, people),
            diagnoses=self.diagnoses,
            edits=Edits(
                store,
                self.work,
                self.now,
                self.settings,
                edited=edited,
                item_changed=items.follow,
            ),
            edit_publishing=self.publishing,
            evidence=Evidence(
                store, chat, self.audit, sites=places, wall=lambda: datetime.now(UTC)
            ),
            conflicts=Conflicts(store, self.work, self.reports, guards),
            changes=Endings(store, self.work, self.now, self.settings, edited=edited),
            record=Record(
                store,
                self.now,
                self.settings,
                team_url=lambda: "https://x.slack.com/",
                watch=self.watch,
                edited=edited,
            ),
            reminders=Reminders(store, self.work, self.now, self.settings),
            runs=self.runs,
            notify=Notify(store, self.work, self.now, self.settings, Guards(store, self.settings)),
            obligations=Obligations(
                store,
                self.work,
                chat,
                self.now,
                sites={},
                wall=lambda: datetime.now(UTC),
                wait=lambda _seconds: None,
                lease=AlwaysHeld(store),
                limits=Limits(),
            ),
            on_call=OnCallLookup(chat, self.now, schedules),
            authorize=self.authorize,
            audit=self.audit,
            reports=self.reports,
            approvals=asked,
            publish=asked,
            search=Search(store, self.now, self.incidents.latch),
            subscriptions=Subscriptions(store, chat, people),
            sync=asked,
            severity_help=HELP,
        )
        self.inbox = Inbox(store, owner=owner)
        self.dispatcher = Dispatcher(self.context, chat, self.inbox)

    def place(self, _item: ActionItem) -> str:
        """The repository in which an action item is tracked."""
        return ""

    def _publish(self, change: StateChange) -> None:
        with self.store.write() as tx:
            publish.enqueue(self.work, tx, change.incident_id, change.idempotency_key)

    # --- what people do ------------------------------------------------------------------------

    def command(self, line: str, *, channel: str = CHANNEL, user: str = ANA) -> Answer:
        """Type ``/incident`` and this line."""
        body = {
            "command": "/incident",
            "text": line,
            "team_id": TEAM,
            "user_id": user,
            "channel_id": channel,
            "trigger_id": f"trigger{next(self._numbers)}",
        }
        return self.send(body)

    def press(
        self, action: str, value: str = "", *, channel: str = CHANNEL, user: str = ANA
    ) -> Answer:
        """Press a button, or choose from a menu."""
        body = {
            "type": "block_actions",
            "user": {"id": user, "team_id": TEAM},
            "team": {"id": TEAM},
            "channel": {"id": channel},
            "trigger_id": "trigger",
            "actions": [
                {"action_id": action, "value": value, "action_ts": f"{next(self._numbers)}.0"}
            ],
        }
        return self.send(body)

    def choose(self, menu: str, value: str, *, user: str = ANA) -> Answer:
        """Choose from an overflow menu in the incident's channel."""
        chosen = {"value": value, "text": {"type": "plain_text", "text": value}}
        body = {
            "type": "block_actions",
            "user": {"id": user, "team_id": TEAM},
            "team": {"id": TEAM},
            "channel": {"id": CHANNEL},
            "trigger_id": "trigger",
            "actions": [
                {
                    "type": "overflow",
                    "action_id": menu,
                    "selected_option": chosen,
                    "action_ts": f"{next(self._numbers)}.0",
                }
            ],
        }
        return self.send(body)

    def press_in(self, action: str, value: str, *, user: str = ANA) -> Answer:
        """Press a button of the last opened form, which is the one at the bottom."""
        body = {
            "type": "block_actions",
            "user": {"id": user, "team_id": TEAM},
            "team": {"id": TEAM},
            "container": {"type": "view"},
            "view": {**self.slack.views[-1], "id": ROOT, "root_view_id": ROOT},
            "trigger_id": "trigger",
            "actions": [
                {"action_id": action, "value": value, "action_ts": f"{next(self._numbers)}.0"}
            ],
        }
        return self.send(body)

    def submit(
        self, values: Mapping[str, Any] | None = None, *, user: str = ANA, view_id: str = ""
    ) -> Answer:
        """Submit the last opened form, with some inputs changed."""
        view = self.slack.views[-1]
        shown = {
            block["block_id"]: block["element"] for block in view["blocks"] if "element" in block
        }
        entered = {name: unchanged(element) for name, element in shown.items()}
        for name, value in (values or {}).items():
            entered[name] = with_value(shown[name]["type"], value)
        state = {name: {"value": element} for name, element in entered.items()}
        body = {
            "type": "view_submission",
            "trigger_id": f"trigger{next(self._numbers)}",
            "user": {"id": user, "team_id": TEAM},
            "team": {"id": TEAM},
            "view": {
                **view,
                "id": view_id or f"V{len(self.slack.views)}",
                "root_view_id": ROOT if self.slack.is_above else "",
                "state": {"values": state},
            },
        }
        return self.send(body)

    def send(self, body: Mapping[str, Any]) -> Answer:
        """Handle a payload as Slack's listener does."""
        answer = Answer()
        url = "" if body.get("type") == "view_submission" else "https://hooks.slack.com/x"
        self.slack.answered = answer.posts
        ack: Any = lambda **content: answer.acks.append(content)  # noqa: E731
        respond: Any = SimpleNamespace(response_url=url)
        self.dispatcher.serve(body, ack, respond)
        return answer

    # --- what is stored ------------------------------------------------------------------------

    @property
    def incident(self) -> Incident:
        """The incident of the channel."""
        with self.store.read() as tx:
            found = incident_rows.by_channel(tx, CHANNEL)
        assert found is not None
        return found

    @property
    def entries(self) -> list[Entry]:
        """The current timeline entries."""
        with self.store.read() as tx:
            found = timeline_rows.entries(tx, self.incident.id)
        return [entry for entry in found if entry.deleted_at is None]

    def of_kind(self, kind: Any) -> list[Entry]:
        """Entries of a kind."""
        return [entry for entry in self.entries if entry.kind is kind]

    @property
    def planned(self) -> list[run_rows.Run]:
        """Every requested run."""
        with self.store.read() as tx:
            return run_rows.of_incident(tx, self.incident.id)
