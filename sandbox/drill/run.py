"""Runs one drill: the world, mayday as a child process, the story, the checks."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from sandbox.cluster.waiting import wait_for
from sandbox.drill.checks import Check, check
from sandbox.drill.child import Child
from sandbox.drill.play import Player, Show
from sandbox.drill.seen import ReadStored, Seen, collect
from sandbox.drill.story import COMMANDER, MAYDAY, Story
from sandbox.github import GitHubSandboxError
from sandbox.outages import OutageError
from sandbox.world import World

PLAYED = "played"
"""The folder for all output of a drill; it is emptied first."""

WORLD = "world"
"""The first folder in it, which identifies its parent."""

CONNECTED_WITHIN = 60.0

SLACK_WAITS = 12.0
"""Timeout of the practice Slack in seconds instead of 3, for slow computers."""


class CannotPlay(Exception):
    """The drill cannot start; the text is one sentence that says why."""


@dataclass(frozen=True, kw_only=True)
class DrillResult:
    """How it went. ``seconds`` are real ones."""

    seen: Seen
    checks: Sequence[Check]
    seconds: float

    @property
    def passed(self) -> bool:
        """Whether every check did."""
        return all(check.passed for check in self.checks)


class Drill:
    """One drill, with its story.

    ``directory`` holds its output, ``manifest`` is the Slack app's, ``database`` an SQLAlchemy URL
    (empty for a SQLite file in the directory). ``read_stored`` reads messages at such a URL.
    """

    def __init__(
        self,
        story: Story,
        directory: Path,
        *,
        manifest: Mapping[str, Any],
        database: str,
        read_stored: ReadStored,
        show: Show,
    ) -> None:
        self.story = story
        self.directory = directory.resolve() / PLAYED
        self.database = database or default_database(directory)
        self._manifest = manifest
        self._read_stored = read_stored
        self._show = show

    def run(self) -> DrillResult:
        """Play and judge; stops all processes at the end.

        Raises:
            CannotPlay: the sandbox or mayday does not start.
        """
        began = time.monotonic()
        self._clear()
        world = World(
            self.directory / WORLD,
            manifest=self._manifest,
            users=[user for user in self.story.students if user not in self.story.crowd],
            crowd=self.story.crowd,
            keep=False,
        )
        # Startup takes real time, which must not delay the story.
        world.clock.move_to(self.story.steps[0].when - timedelta(hours=1))
        child = Child(self.directory / "mayday.log")
        with ExitStack() as ending:
            ending.callback(world.stop)
            ending.callback(child.stop)
            try:
                seen = self._play(world, child)
            except (TimeoutError, OutageError, GitHubSandboxError, OSError) as exc:
                raise CannotPlay(str(exc)) from exc
        return DrillResult(
            seen=seen, checks=check(self.story, seen), seconds=time.monotonic() - began
        )

    def _clear(self) -> None:
        """Delete only the output of an earlier drill."""
        made = self.directory.exists()
        if made and any(self.directory.iterdir()) and not (self.directory / WORLD).is_dir():
            raise CannotPlay(f"{self.directory} is no drill's folder: choose another with --out.")
        shutil.rmtree(self.directory, ignore_errors=True)
        self.directory.mkdir(parents=True)

    def _play(self, world: World, child: Child) -> Seen:
        reports = self.directory / "reports"
        self._start(world, child, reports)
        player = Player(world, child, reports, self._show)
        return collect(
            stopped=player.play(self.story.steps),
            slack=world.slack,
            player=player,
            child=child,
            read_stored=self._read_stored,
        )

    def _start(self, world: World, child: Child, reports: Path) -> None:
        page = world.start_slack()
        world.slack.ack_seconds = world.slack.trigger_seconds = SLACK_WAITS
        self._show(world.clock(), "Slack", f"can be watched at {page}")
        world.start_rest()
        self._show(
            world.clock(),
            "the hub",
            f"runs with {len(self.story.students)} servers: {world.hub.url}",
        )
        child.start(self._settings(world, reports))
        wait_for(
            lambda: world.slack.bot_connected or bool(child.problem()),
            f"mayday to connect: see {child.log}",
            seconds=CONNECTED_WITHIN,
        )
        if problem := child.problem():
            raise CannotPlay(problem)
        self._show(world.clock(), MAYDAY, "runs as a separate process and is connected")

    def _settings(self, world: World, reports: Path) -> dict[str, Any]:
        settings = world.settings()
        return {
            **settings,
            "database": {"url": self.database},
            "report": {
                "directory": str(reports),
                "form": self.story.form,
                "timezone": self.story.zone.key,
            },
            "incident": {"action_groups": list(self.story.groups)},
            "runbooks": {"allow": {"users": [world.slack.person(COMMANDER).id]}},
            "practice": {**settings["practice"], "open_to_all": False},
            "http": {"port": 0},
        }


def default_database(directory: Path) -> str:
    """A SQLite file in the drill's output."""
    return f"sqlite:///{directory.resolve() / PLAYED / 'mayday.db'}"
