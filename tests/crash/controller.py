"""Plays the story and interrupts it at points: kills, starts again, finishes, and compares the ends."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.github import GitHubSandbox
from sandbox.slack import PersonError
from tests.crash.disturb import Disturbance, Disturber
from tests.crash.ending import Ending, differences, ending, picture, wrongs
from tests.crash.points import SHARE, Point, Seen, Watch, When
from tests.crash.stage import Limits, Stage, Workshop
from tests.crash.story import INCIDENTS, Act, Story
from tests.support.forkserver import forkserver
from tests.support.postgres import Postgres, postgres
from tests.support.waiting import wait_until

ACT_WITHIN = 150.0
"""Seconds for one act with its recovery."""

START = "start"
"""The act in which the maydays start."""

SLACK_WAITS = 3.0
"""Seconds for an acknowledgement, as in Slack: a stopped replica gives none."""

POLL = 0.05
RESTED = 5
"""How many polls in a row mayday must be at rest before an act counts as over."""

FORGOTTEN_AFTER = 20.0
"""Seconds by which the clock moves at a restart: mayday replays only older deliveries."""

QUICK = Limits(call=2.0, lease=2.4)
HELD = Limits(call=5.0, lease=6.0)
"""For kills during a call, which must last longer than a restart."""


@dataclass(frozen=True, kw_only=True)
class Setup:
    """A configuration: the database, and how many processes serve."""

    name: str
    database: str
    processes: int = 1


SETUPS = {
    "sqlite": Setup(name="sqlite", database="sqlite"),
    "postgres": Setup(name="postgres", database="postgresql"),
    "two": Setup(name="two", database="postgresql", processes=2),
    "three": Setup(name="three", database="postgresql", processes=3),
}


@dataclass(kw_only=True)
class Outcome:
    """How one story ended. ``problems`` is empty if nothing was lost or doubled."""

    points: Sequence[Point]
    reached: list[Point] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    seconds: float = 0.0
    seen: Seen = field(default_factory=Seen)
    end: Ending = field(default_factory=dict)
    logs: str = ""


class NotOver(Exception):
    """An act did not end in time; the text says what is missing."""


class Controller:
    """Plays stories in one setup."""

    def __init__(self, workshop: Workshop, setup: Setup, story: Story = INCIDENTS) -> None:
        self._workshop = workshop
        self._setup = setup
        self._story = story

    def play(
        self,
        points: Sequence[Point] = (),
        *,
        wanted: Ending | None = None,
        disturbances: Sequence[Disturbance] = (),
    ) -> Outcome:
        """Play one story, interrupted at these points, which are in the order of its acts."""
        outcome, began = Outcome(points=points), time.monotonic()
        limits = HELD if any(point.when is When.DURING for point in points) else QUICK
        with (
            self._workshop.database(self._setup.database) as url,
            self._workshop.stage(url, limits=limits) as stage,
            ExitStack() as stack,
        ):
            disturber = Disturber(stage, disturbances, stack)
            if disturbances:
                stage.slack.ack_seconds = SLACK_WAITS
            try:
                played = _Play(self._workshop, self._setup, stage, outcome, disturber)
                played.play(points, self._story.acts)
                outcome.problems += disturber.finish()
            except (NotOver, PersonError, TimeoutError, AssertionError, LookupError) as exc:
                outcome.problems.append(f"{type(exc).__name__}: {exc}")
                outcome.problems += stage.unsettled()
            else:
                outcome.end = ending(stage, self._story)
                outcome.problems += [*wrongs(stage), *self._story.wrongs(stage)]
                outcome.problems += differences(outcome.end, wanted) if wanted else []
            if outcome.problems:
                logs = (f"--- replica {r.number}\n{r.logged()}" for r in stage.replicas.all)
                outcome.logs = "\n".join([*logs, picture(stage)])
        outcome.seconds = time.monotonic() - began
        return outcome


class _Play:
    def __init__(
        self,
        workshop: Workshop,
        setup: Setup,
        stage: Stage,
        outcome: Outcome,
        disturber: Disturber,
    ) -> None:
        self._workshop = workshop
        self._setup = setup
        self._stage = stage
        self._outcome = outcome
        self._disturber = disturber
        self._watch = Watch(stage.replicas, hold=stage.limits.call * SHARE)
        self._commits_read = 0

    def play(self, points: Sequence[Point], acts: Sequence[Act]) -> None:
        stage, at = self._stage, {point.act: point for point in points}
        for name, system in stage.systems.items():
            system.rules.append(self._watch.hook(name))
        for act in acts:
            point = at.get(act.name)
            if point is not None and act.name != START:
                self._complete()
            if point is not None:
                self._arm(point)
            if act.name == START:
                self._disturber.start(self._setup.processes)
            self._carry_out(act)
            self._note(act)
            if point is not None and self._disarm():
                self._outcome.reached.append(point)
        time.sleep(stage.limits.call if points else 0)  # what was held may land now
        self._rest()

    def _complete(self) -> None:
        """Start again what was killed before."""
        while len(self._stage.replicas.alive) < self._setup.processes:
            self._stage.start()

    def _arm(self, point: Point) -> None:
        if point.system:
            self._watch.arm(point)
        else:
            self._stage.armed.arm(point.name, point.when.value, point.number)

    def _disarm(self) -> bool:
        happened = self._watch.happened
        self._watch.arm(None)
        return self._stage.armed.disarm() or happened

    def _carry_out(self, act: Act) -> None:
        stage, deadline = self._stage, time.monotonic() + ACT_WITHIN
        stage.close_forms()
        refused = not self._do(act)
        self._disturber.during(act.name)
        rested = 0
        while rested < RESTED or not act.done(stage):
            if time.monotonic() > deadline:
                missing = "; ".join(stage.unsettled()) or "nothing is under way"
                raise NotOver(f"“{act.name}” is not over after {ACT_WITHIN:.0f} s: {missing}")
            self._look_after()
            with suppress(PersonError):
                act.meanwhile(stage)
            rested = 0 if stage.unsettled() else rested + 1
            if rested >= RESTED and not act.done(stage) and (refused or act.again(stage)):
                refused, rested = not self._do(act), 0
            time.sleep(POLL)

    def _do(self, act: Act) -> bool:
        """Have people act; returns whether Slack showed them no error."""
        wait_until(self._is_connected, "a mayday to be connected", timeout=ACT_WITHIN)
        try:
            act.do(self._stage)
        except (PersonError, TimeoutError):
            return False
        return True

    def _is_connected(self) -> bool:
        self._look_after()
        return self._stage.slack.bot_connected

    def _look_after(self) -> None:
        """Start a mayday at once where none runs any more."""
        replicas = self._stage.replicas
        replicas.look()
        if not replicas.alive:
            self._workshop.later(self._stage, FORGOTTEN_AFTER)
            replicas.start()

    def _note(self, act: Act) -> None:
        """Note what the act committed and called."""
        called, self._watch.called = self._watch.called, []
        self._outcome.seen.found += [(act.name, system, name) for system, name in called]
        log = self._stage.commit_log
        lines = log.read_text("utf-8").splitlines() if log.exists() else []
        fresh, self._commits_read = lines[self._commits_read :], len(lines)
        self._outcome.seen.found += [(act.name, "", name) for name in fresh]

    def _rest(self) -> None:
        deadline, rested = time.monotonic() + ACT_WITHIN, 0
        while rested < RESTED and time.monotonic() < deadline:
            self._look_after()
            rested = 0 if self._stage.unsettled() else rested + 1
            time.sleep(POLL)


@contextmanager
def workshop(directory: Path) -> Iterator[Workshop]:
    """What the stories of one process share. PostgreSQL starts when it is first used."""
    with ExitStack() as stack:
        forks = stack.enter_context(forkserver())
        github = stack.enter_context(GitHubSandbox(directory / "github"))
        servers: list[Postgres] = []
        made = 0

        @contextmanager
        def database(kind: str) -> Iterator[str]:
            nonlocal made
            made += 1
            if kind == "sqlite":
                yield f"sqlite:///{directory / f'mayday-{made}.db'}"
                return
            if not servers:
                servers.append(stack.enter_context(postgres()))
            with servers[0].database() as url:
                yield url

        yield Workshop(forkserver=forks, github=github, directory=directory, database=database)
