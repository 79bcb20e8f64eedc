"""Everything one story runs on: Slack, GitHub, a hub with its cluster, a database, and maydays."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import text

from bot.cli import manifest
from bot.store.engine import Store
from sandbox.clock import SandboxClock
from sandbox.fault_proxy import FaultProxy
from sandbox.github import GitHubSandbox
from sandbox.github_keep import PracticeIssue
from sandbox.rules import Breakable
from sandbox.slack import SlackSandbox
from sandbox.world import environment
from tests.crash.commits import ARMED, LOGGED, ArmedCommit
from tests.crash.hub import StuckHub
from tests.crash.replicas import PEER, Replicas
from tests.support.bot import Scene, settings
from tests.support.forkserver import HOOK, ForkServer
from tests.support.waiting import UNHURRIED, wait_until

CONNECTED = "socket.hello"
"""The event in a replica's log that follows its connection to Slack."""

REDELIVERIES = (0.0, 1.0, 3.0, 10.0)
"""Seconds before Slack delivers an event again; the real ones are 0, 60 and 300."""

BUSY = "SELECT count(*) FROM {schema}workflow_status WHERE status IN ('ENQUEUED', 'PENDING')"
WAITING = "SELECT key, state, error FROM resource WHERE state IN ('pending', 'attempting')"
UNDONE = "SELECT count(*) FROM inbox WHERE done_at IS NULL AND given_up_at IS NULL"


class PeerSlack(SlackSandbox):
    """A practice Slack that notes whose request it judges."""

    def _application(self) -> Any:
        app = super()._application()

        async def noting(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "http" and scope.get("client"):
                PEER.set(tuple(scope["client"]))
            await app(scope, receive, send)

        return noting


def note_peers() -> None:
    """Have every fault proxy of this process note whose request it judges."""
    if getattr(FaultProxy, "notes_peers", False):
        return
    answer = FaultProxy._answer

    async def noting(self: FaultProxy, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope.get("client"):
            PEER.set(tuple(scope["client"]))
        await answer(self, scope, receive, send)

    FaultProxy._answer = noting  # type: ignore[method-assign]
    FaultProxy.notes_peers = True  # type: ignore[attr-defined]


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The time limits of the maydays, in seconds."""

    call: float = 2.0
    lease: float = 2.4


@dataclass(kw_only=True)
class Stage:
    """A story's systems and processes. ``named`` holds the ts of messages that the story names."""

    scene: Scene
    github: GitHubSandbox
    hub: StuckHub
    replicas: Replicas
    armed: ArmedCommit
    commit_log: Path
    reports: Path
    limits: Limits
    labels: Sequence[str] = ()
    named: dict[str, str] = field(default_factory=dict)

    @property
    def slack(self) -> SlackSandbox:
        """The practice Slack."""
        return self.scene.slack

    @property
    def systems(self) -> Mapping[str, Breakable | FaultProxy]:
        """The outside systems by name."""
        return {
            "slack": self.slack,
            "github": self.github,
            "hub": self.hub.front,
            "cluster": self.hub.cluster,
        }

    def channel(self, number: int) -> str:
        """The id of the channel of the first or second incident; empty before it exists."""
        with self.scene.store.read() as tx:
            rows = tx.execute(text("SELECT channel_id FROM incident ORDER BY declared_at")).all()
        return str(rows[number][0] or "") if number < len(rows) else ""

    def issues(self) -> list[PracticeIssue]:
        """The issues that this story filed, found by its labels."""
        filed = self.github.issues()
        return [issue for issue in filed if set(issue.labels) & set(self.labels)]

    def unsettled(self) -> list[str]:
        """What mayday still has to do, one line each; empty when it is at rest."""
        store, found = self.scene.store, []
        schema = "" if store.is_sqlite else "dbos."
        with store.read() as tx:
            if busy := tx.execute(text(BUSY.format(schema=schema))).scalar():
                found.append(f"{busy} workflows under way")
            if undone := tx.execute(text(UNDONE)).scalar():
                found.append(f"{undone} deliveries in the inbox")
            channels = tx.execute(text("SELECT channel_id FROM incident")).scalars().all()
            waiting = tx.execute(text(WAITING)).all()
        found += [f"{row.key} is {row.state}: {row.error}" for row in waiting]
        for channel in channels:
            if channel and (lost := self.not_stored(channel)):
                found.append(f"messages that are not stored: {lost}")
        return found

    def not_stored(self, channel: str) -> list[str]:
        """Texts that are in a channel and not in the database."""
        stored = {m.ts for m in self.scene.messages(channel) if m.deleted_at is None}
        shown = {m["ts"]: str(m["text"]) for m in self.slack.messages(channel) if _is_said(m)}
        return [said for ts, said in shown.items() if ts not in stored]

    def close_forms(self) -> None:
        """Close a form that stayed open because its acknowledgement was lost."""
        for view in self.scene.ana.views():
            self.scene.ana.close_view(view["id"])

    def start(self) -> None:
        """Start one more mayday and wait until it serves."""
        replica = self.replicas.start()
        self.replicas.wait_ready(replica)
        wait_until(lambda: CONNECTED in replica.logged(), "the socket to open", timeout=30)


def _is_said(message: Mapping[str, Any]) -> bool:
    """Whether a person wrote it, or mayday posted it; Slack's own lines are not kept."""
    return bool(message.get("client_msg_id") or message.get("metadata"))


@dataclass(kw_only=True)
class Workshop:
    """What the stories of one process share: a fork server, a GitHub, databases."""

    forkserver: ForkServer
    github: GitHubSandbox
    directory: Path
    database: Callable[[], Any]
    made: int = 0

    @contextmanager
    def stage(self, url: str, *, limits: Limits, **sections: Mapping[str, Any]) -> Iterator[Stage]:
        """New systems, on an empty database; no mayday runs yet."""
        note_peers()
        self.made += 1
        directory = self.directory / f"story-{self.made}"
        directory.mkdir()
        with ExitStack() as stack:
            clock = SandboxClock(directory / "clock.json")
            slack = stack.enter_context(PeerSlack(manifest=manifest(), clock=clock))
            slack.ack_seconds = slack.trigger_seconds = UNHURRIED
            slack.redeliver_after(*REDELIVERIES)
            hub = stack.enter_context(StuckHub(directory / "hub"))
            store = Store(url)
            stack.callback(store.close)
            store.migrate()
            github = self.github
            labels = [f"{name}-s{self.made}" for name in ("incident", "item")]
            configured = settings(
                slack,
                url,
                directory,
                github={
                    "token": github.token,
                    "api_url": github.api_url,
                    "repository": github.repository,
                    "labels": labels[:1],
                    "item_labels": labels[1:],
                },
                runbooks={
                    "allow": {"users": [slack.person(name).id for name in ("ana", "ben")]},
                    "policies": {"pre-warm": {"approvals": 1}},
                },
                practice={
                    "clock_file": str(clock.file),
                    "call_limit": limits.call,
                    "lease": limits.lease,
                },
                **{**hub.settings(), **sections},
            )
            replicas = Replicas(
                forkserver=self.forkserver,
                environment={
                    **environment(configured),
                    HOOK: "tests.crash.commits",
                    ARMED: str(directory / "armed"),
                    LOGGED: str(directory / "commits"),
                },
                directory=directory,
            )
            stack.callback(replicas.stop)
            stage = Stage(
                scene=Scene(slack=slack, store=store, clock=clock),
                github=github,
                hub=hub,
                replicas=replicas,
                armed=ArmedCommit(directory / "armed"),
                commit_log=directory / "commits",
                reports=directory / "reports",
                limits=limits,
                labels=labels,
            )
            stack.callback(github.faults.clear)
            yield stage

    def later(self, stage: Stage, seconds: float) -> None:
        """Move the clock that Slack and mayday share."""
        stage.scene.clock.move_on(timedelta(seconds=seconds))
