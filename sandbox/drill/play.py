"""Plays a story step by step: moves the clock, runs people's actions, and shows them.

Nothing here sleeps. Every wait has a deadline and a name; no step begins after STORY_WITHIN.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from sandbox.cluster.waiting import wait_for
from sandbox.drill.child import Child
from sandbox.drill.crew import Crew, WentWrong
from sandbox.drill.seen import Filed, Sight, filed, look
from sandbox.outages import OutageError
from sandbox.slack.values import PersonError
from sandbox.world import World

PUBLISH_DONE = "publish.done"
"""The event in mayday's log that ends each round of publishing."""

OVERDUE = timedelta(seconds=11)
"""How long to wait after a pod's grace time: a little over mayday's ten seconds."""

STORY_WITHIN = 240.0
"""Real seconds; two busy cores take 50, 20 of them to publish, since GitHub requires a second
between writes."""

Show = Callable[[datetime, str, str], None]
"""Shows a step: its time in the story, who, and what they did."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One event: at an aware time, ``who`` does ``action``, a method of the player."""

    when: datetime
    who: str
    action: Callable[..., str]
    arguments: Sequence[Any] = ()
    named: Mapping[str, Any] = field(default_factory=dict)


class Player(Crew):
    """Plays a story in a running world with a running mayday.

    ``published`` is what was filed before and after publishing again.
    """

    def __init__(self, world: World, child: Child, reports: Path, show: Show) -> None:
        super().__init__(world.slack)
        self._world = world
        self._child = child
        self._reports = reports
        self._show = show
        self.sights: dict[str, Sight] = {}
        self.published: list[Filed] = []

    def play(self, story: Sequence[Step]) -> str:
        """Play the story; returns "", or why it stopped and where."""
        failures = (WentWrong, PersonError, OutageError, TimeoutError, LookupError, httpx.HTTPError)
        ends = time.monotonic() + STORY_WITHIN
        for step in story:
            if time.monotonic() > ends:
                return f"At {step.when:%H:%M:%S}: the story took longer than {STORY_WITHIN:.0f} s."
            if step.when > self._world.clock():
                self._world.clock.move_to(step.when)
            try:
                done = step.action(self, step.who, *step.arguments, **step.named)
            except failures as exc:
                why = self._child.problem() or str(exc) or type(exc).__name__
                return f"At {step.when:%H:%M:%S}, {step.who}, {step.action.__name__}: {why}"
            self._show(self._world.clock(), step.who, done)
        return ""

    def look(self, _who: str, name: str) -> str:
        """Check hub, pods, routes, health pages and every student's page."""
        self.sights[name] = sight = look(self._world.hub)
        return str(sight)

    def evict_proxy(self, _who: str) -> str:
        """Evict the proxy's pod; the new pod has no routes."""
        return self._world.hub.evict_proxy()

    def deploy_fork(self, _who: str) -> str:
        """Deploy another version of the proxy, which crashes when the story says so."""
        return self._world.hub.deploy_fork()

    def resync_by_hand(self, _who: str) -> str:
        """Have the hub write all routes, as somebody does who deploys a proxy."""
        self._world.hub.rest.resync()
        return "has the hub write its routes"

    def kill_proxy(self, _who: str) -> str:
        """The proxy's process ends and starts again in the same pod, without routes."""
        return self._world.hub.kill_proxy()

    def crash_under_load(self, _who: str) -> str:
        """Every student opens their page at once, and the proxy's process ends."""
        sight = look(self._world.hub)
        return f"{len(sight.working)} open their notebook at once. {self._world.hub.kill_proxy()}"

    def drain_core_pool(self, _who: str) -> str:
        """The core pool loses its node."""
        return self._world.hub.drain_core_pool()

    def add_core_node(self, _who: str) -> str:
        """The core pool gets a node, and hub and proxy start there."""
        return self._world.hub.refill_core_pool()

    def hang_stops(self, _who: str, users: Sequence[str]) -> str:
        """Stop these users' servers; the stops hang."""
        for user in users:
            self._world.hub.hang_stop(user)
        return f"The servers of {' and '.join(users)} are being stopped, which does not end."

    def wait_in_vain(self, _who: str, users: Sequence[str]) -> str:
        """Wait until these users' pods are overdue: they exist after their grace."""
        names = " and ".join(users)
        wait_for(lambda: all(map(self._overdue, users)), f"the pods of {names} to be overdue")
        return f"The pods of {names} are past their grace period, and are still there."

    def start_servers(self, _who: str, users: Sequence[str]) -> str:
        """Start these users' servers and log their owners in."""
        self._world.hub.start_servers(users)
        return f"{' and '.join(users)} press “Start my server” and are in."

    def publish_again(self, who: str) -> str:
        """Type ``/incident publish`` when everything is published, after the rounds before the review and
        after it."""
        self._wait_published(2)
        self.published.append(filed(self._world.github, self._reports))
        rounds = self._child.events(PUBLISH_DONE)
        done = self.publish(who)
        self._wait_published(rounds + 1)
        self.published.append(filed(self._world.github, self._reports))
        return done

    def _wait_published(self, rounds: int) -> None:
        wait_for(
            lambda: self._child.events(PUBLISH_DONE) >= rounds,
            f"round {rounds} of publishing to end",
        )

    def _overdue(self, user: str) -> bool:
        pod = self._world.hub.user_pod(user)
        deadline = pod and pod["metadata"].get("deletionTimestamp")
        if not deadline:
            raise LookupError(f"The pod of {user} is not being stopped.")
        return datetime.now(UTC) > datetime.fromisoformat(deadline) + OVERDUE
