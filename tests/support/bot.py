"""Runs mayday against the practice Slack, in this process or as a child that can be killed.

In this process, Slack uses HTTP, which stops at once. A child uses Socket Mode, the usual mode.
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.bootstrap import Bot
from bot.cli import manifest
from bot.config import load
from bot.domain.incident import Incident
from bot.domain.runs import RunState
from bot.domain.timeline import Entry, Message
from bot.runbook.plan import Plan
from bot.services import sync
from bot.services.declare import OPEN_ALREADY
from bot.store import incidents as incident_rows
from bot.store import resources as resource_rows
from bot.store import runs as run_rows
from bot.store import timeline as timeline_rows
from bot.store.engine import Store
from bot.store.resources import ResourceRow
from bot.store.runs import Run
from sandbox.clock import SandboxClock
from sandbox.slack import Channel, Direction, Fault, FaultHook, Passage, Person, SlackSandbox
from sandbox.world import environment
from tests.support.clusters import HUB, unreachable
from tests.support.forkserver import ForkServer
from tests.support.waiting import UNHURRIED, wait_until

ANNOUNCE = "#incidents"
ZONE = "America/Los_Angeles"
CALL_LIMIT = 2.0
LEASE = 2.0
"""Shorter time limits than in use, in seconds: tests wait until interrupted calls can have no more effect."""

before_another: list[Callable[[], None]] = []
"""Stops the mayday that the tests of a module share: DBOS runs once in a process."""


@contextmanager
def practice_slack(clock: SandboxClock) -> Iterator[SlackSandbox]:
    """A Slack with mayday installed. Both share a clock."""
    with SlackSandbox(manifest=manifest(), clock=clock) as slack:
        slack.ack_seconds = slack.trigger_seconds = UNHURRIED
        yield slack


def settings(
    slack: SlackSandbox, url: str, directory: Path, /, **sections: Mapping[str, Any]
) -> dict[str, Any]:
    """The configuration of a mayday; ``sections`` add to it or replace parts of it."""
    found: dict[str, Any] = {
        "slack": {
            "bot_token": slack.bot_token,
            "app_token": slack.app_token,
            "signing_secret": slack.signing_secret,
            "api_url": slack.api_url,
            "announce_channel": ANNOUNCE,
        },
        "database": {"url": url},
        "github": {"webhook_secret": "the-webhooks-secret-of-the-tests"},
        "http": {"port": 0},
        "report": {"directory": str(directory / "reports"), "timezone": ZONE},
        "hubs": [HUB],
        "clusters": [unreachable(directory)],
        "practice": {
            "clock_file": str(directory / "clock.json"),
            "call_limit": CALL_LIMIT,
            "lease": LEASE,
        },
    }
    for section, values in sections.items():
        before = found.get(section, {})
        found[section] = {**before, **values} if isinstance(values, Mapping) else values
    return found


@contextmanager
def running(
    slack: SlackSandbox, url: str, directory: Path, /, **sections: Mapping[str, Any]
) -> Iterator[Bot]:
    """A mayday in this process, reached by HTTP unless ``sections`` say otherwise."""
    for stop in tuple(before_another):
        stop()
    configured = settings(slack, url, directory, **sections)
    is_http = configured["slack"].setdefault("mode", "http") == "http"
    bot = Bot(load(overrides=configured))
    for listener in bot.app._listeners:
        listener.ack_timeout = UNHURRIED  # type: ignore[misc]
    bot.start()
    assert bot.http is not None
    if is_http:
        slack.set_request_url(f"http://127.0.0.1:{bot.http.port}/slack/events")
    else:
        slack.wait_for(lambda: slack.bot_connected, what="the socket")
    try:
        yield bot
    finally:
        slack.set_request_url(None)
        bot.stop()


@dataclass(kw_only=True)
class Child:
    """A mayday in a separate process, started with ``environment``."""

    slack: SlackSandbox
    forkserver: ForkServer
    environment: Mapping[str, str]
    log: Path
    pid: int = 0

    def start(self, *, wait: bool = True) -> None:
        """Start it, and wait until it is connected to Slack."""
        environment = {**_clean_environment(), **self.environment}
        self.pid = self.forkserver.start(["run"], environment, self.log)
        if wait:
            wait_until(self._is_connected, "mayday did not connect", timeout=30)

    def _is_connected(self) -> bool:
        assert self.forkserver.ended(self.pid) is None, f"mayday ended:\n{self.logged()}"
        return self.slack.bot_connected

    def freeze(self) -> None:
        """Suspend the process, so that it does nothing more until it is killed."""
        os.kill(self.pid, signal.SIGSTOP)

    def kill(self) -> None:
        """Kill it, and wait until Slack sees the disconnect."""
        os.kill(self.pid, signal.SIGKILL)
        assert self.forkserver.ended(self.pid, within=10) == -signal.SIGKILL, self.logged()
        self.pid = 0
        self.slack.wait_for(lambda: not self.slack.bot_connected, 10)

    def restart(self) -> None:
        """Kill it and start it again."""
        self.kill()
        self.start()

    def stop(self) -> int | None:
        """Stop it as an operator does; returns its exit code."""
        os.kill(self.pid, signal.SIGTERM)
        return self.forkserver.ended(self.pid, within=20)

    def logged(self) -> str:
        """Its log."""
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""


@contextmanager
def child(
    forkserver: ForkServer,
    slack: SlackSandbox,
    url: str,
    directory: Path,
    /,
    **sections: Mapping[str, Any],
) -> Iterator[Child]:
    """Yields a mayday that is not started; always ends it afterwards."""
    configured = settings(slack, url, directory, **sections)
    made = Child(
        slack=slack,
        forkserver=forkserver,
        environment=environment(configured),
        log=directory / "mayday.log",
    )
    try:
        yield made
    finally:
        if made.pid and forkserver.ended(made.pid) is None:
            os.kill(made.pid, signal.SIGKILL)
            forkserver.ended(made.pid, within=10)


def _clean_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("MAYDAY_")}


@dataclass(kw_only=True)
class Moment:
    """A moment at which to end a child: the ``number``-th call of ``method`` that ``matches``.

    With ``after``, the call takes effect and its answer is never read.
    """

    method: str
    after: bool
    matches: Callable[[Mapping[str, Any]], bool] = field(default=lambda _body: True)
    number: int = 1


def kill_at(child: Child, moment: Moment) -> FaultHook:
    """A hook that freezes the child at that moment; :func:`wait_and_kill` then ends it."""
    seen = 0

    def hook(passage: Passage) -> Fault | None:
        nonlocal seen
        if passage.direction is not Direction.CALL or passage.name != moment.method:
            return None
        if not moment.matches(passage.body):
            return None
        seen += 1
        if seen != moment.number:
            return None
        child.freeze()
        return Fault(effect=moment.after, drop=not moment.after)

    return hook


def wait_and_kill(child: Child, slack: SlackSandbox, moment: Moment) -> None:
    """Wait until that call has ended, and kill the child."""

    def happened() -> bool:
        calls = [c for c in slack.calls if c.method == moment.method and moment.matches(c.args)]
        return len(calls) >= moment.number

    slack.wait_for(happened, 20, what=f"{moment.method} was called")
    child.kill()


@dataclass(kw_only=True)
class Scene:
    """What tests inspect: the practice Slack, mayday's rows and the shared clock."""

    slack: SlackSandbox
    store: Store
    clock: SandboxClock

    @property
    def ana(self) -> Person:
        """A responder."""
        return self.slack.person("ana")

    @property
    def ben(self) -> Person:
        """A second one."""
        return self.slack.person("ben")

    def later(self, **by: float) -> None:
        """Advance the clock of Slack and mayday."""
        self.clock.move_to(self.clock() + timedelta(**by))

    def ask_to_declare(self, who: Person, title: str) -> dict[str, Any]:
        """Type the command; returns the form."""
        who.command("general", f"/incident declare {title}")
        self.slack.wait_for(lambda: bool(who.views()), what="the declare form")
        return who.views()[-1]

    def declare(self, title: str = "Proxy was evicted", who: str = "ana", **values: Any) -> Channel:
        """Declare an incident and wait until its setup in Slack is complete."""
        person = self.slack.person(who)
        before = {channel.id for channel in self.slack.channels()}
        view = self.ask_to_declare(person, title)
        errors = person.submit(view["id"], values)
        if (
            errors.get("title") == OPEN_ALREADY
        ):  # the form shows the other incident, and keeps the values
            wait_until(lambda: person.submit(view["id"], values) == {}, "not declared anyway")
            errors = {}
        assert errors == {}, errors
        self.slack.wait_for(
            lambda: any(self.is_set_up(c) for c in self.slack.channels() if c.id not in before),
            what="the incident's channel",
        )
        return next(c for c in self.incident_channels() if c.id not in before)

    def incident_channels(self) -> list[Channel]:
        """Every channel that mayday created."""
        return [c for c in self.slack.channels() if c.creator == self.slack.bot_user_id and c.name]

    def is_set_up(self, channel: Channel) -> bool:
        """Whether a channel's setup is complete. Private channels are not announced."""
        return bool(
            channel.creator == self.slack.bot_user_id
            and set(channel.members) - {self.slack.bot_user_id}
            and channel.pins
            and channel.topic["value"]
            and (channel.is_private or self.announcements(channel.id))
        )

    def own(self, channel: str) -> list[dict[str, Any]]:
        """The bot's messages in a channel, without join and pin messages."""
        return [
            message
            for message in self.slack.messages(channel)
            if message.get("user") == self.slack.bot_user_id and message.get("metadata")
        ]

    def posts(self, channel: str, name: str) -> list[dict[str, Any]]:
        """The bot's messages that carry a resource whose key's second part is ``name``."""
        return [m for m in self.own(channel) if effect_of(m).split("/")[1] == name]

    def announcements(self, about: str) -> list[dict[str, Any]]:
        """The announcements of one incident's channel."""
        return [
            m
            for m in self.own(ANNOUNCE)
            if effect_of(m).endswith("/announcement") and about in json.dumps(m)
        ]

    def incident(self, channel_id: str) -> Incident:
        """The rows of a channel's incident."""
        with self.store.read() as tx:
            found = incident_rows.by_channel(tx, channel_id)
        assert found is not None
        return found

    def incidents(self) -> list[Incident]:
        """Every incident that is not closed."""
        with self.store.read() as tx:
            return incident_rows.unclosed(tx)

    def messages(self, channel_id: str) -> list[Message]:
        """The stored messages of a channel."""
        with self.store.read() as tx:
            return timeline_rows.messages(tx, self.slack.team_id, channel_id)

    def message(self, channel_id: str, ts: str) -> Message | None:
        """One stored message."""
        with self.store.read() as tx:
            return timeline_rows.message_by_key(tx, f"{self.slack.team_id}:{channel_id}:{ts}")

    def texts_of(self, channel_id: str, ts: str) -> list[str]:
        """What a stored message said, one text for each edit, and what it says now."""
        key = f"{self.slack.team_id}:{channel_id}:{ts}"
        with self.store.read() as tx:
            before = [str(one["text"]) for one in timeline_rows.revisions(tx, key)]
            known = timeline_rows.message_by_key(tx, key)
        return [*before, known.text] if known else before

    def entries(self, channel_id: str) -> list[Entry]:
        """The current timeline entries."""
        with self.store.read() as tx:
            found = timeline_rows.entries(tx, self.incident(channel_id).id)
        return [entry for entry in found if entry.deleted_at is None]

    def resources(self, channel_id: str) -> dict[str, ResourceRow]:
        """The resources of a channel's incident by the part of their key after its id."""
        incident = self.incident(channel_id)
        with self.store.read() as tx:
            found = resource_rows.of_incident(tx, incident.id)
        return {key.removeprefix(f"{incident.id}/"): row for key, row in found.items()}

    def until(self, met: Callable[[], object], what: str, *, timeout: float = 30) -> None:
        """Wait for a change in mayday's rows, which send no event."""
        wait_until(met, what, timeout=timeout)


def effect_of(message: Mapping[str, Any]) -> str:
    """The key of the resource that a message carries."""
    return str((message.get("metadata") or {}).get("event_payload", {}).get("effect", ""))


def texts(messages: Sequence[Mapping[str, Any]]) -> list[str]:
    """Texts of messages."""
    return [str(message["text"]) for message in messages]


def waiting_run(scene: Scene, channel: str, plan: Plan) -> Run:
    """A run, not yet stored, of an incident whose plan, for the bot's hub, waits for a decision."""
    own = replace(plan.place, cluster=HUB["cluster"], namespace=HUB["namespace"])
    plan = replace(plan, place=own)
    return Run(
        id=f"run{len(scene.own(channel))}",
        incident_id=scene.incident(channel).id,
        runbook=plan.runbook,
        hub=plan.place.hub,
        options={},
        state=RunState.PLANNED,
        plan=plan.to_json(),
        error="",
        asked_by=scene.ana.id,
        asked_at=datetime.now(UTC),
    )


def planned(bot: Bot, scene: Scene, channel: str, plan: Plan) -> dict[str, Any]:
    """Give an incident a plan that waits for a decision; returns the message that shows it."""
    run = waiting_run(scene, channel, plan)
    with scene.store.write() as tx:
        assert run_rows.add(tx, run)
        sync.enqueue(bot.durable, tx, run.owner, f"run/{run.id}/planned")

    def shown() -> list[dict[str, Any]]:
        return [m for m in scene.own(channel) if f"/{run.id}" in effect_of(m)]

    scene.slack.wait_for(lambda: bool(shown()), what="the plan")
    return shown()[0]
