"""Plays a story beat by beat: moves the clock, has people do what they do, and says so.

Nothing in here sleeps. Every wait has a deadline and a name, and all of it together has one too.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import assert_never

import httpx

from sandbox.cluster.waiting import wait_for
from sandbox.drill import stage
from sandbox.drill.child import Child
from sandbox.drill.crew import Crew, WentWrong
from sandbox.drill.deeds import (
    Beat,
    Close,
    Declare,
    Deed,
    Delete,
    Edit,
    EvictProxy,
    HangStops,
    Join,
    Look,
    PublishAgain,
    React,
    Remind,
    Reply,
    Run,
    Say,
    StartServers,
    Type,
    WaitInVain,
)
from sandbox.drill.seen import Filed, filed
from sandbox.drill.stage import Sight
from sandbox.outages import OutageError
from sandbox.slack.values import PersonError
from sandbox.world import World

PUBLISH_DONE = "publish.done"
"""The event in mayday's log that ends each round of publishing."""

Show = Callable[[datetime, str, str], None]
"""Tells whoever watches: when it was in the story, who, and what they did."""


class Overtime(TimeoutError):
    """A part of the drill took too long."""


class Player:
    """Plays a story in a world that runs, with a mayday that runs."""

    def __init__(self, world: World, child: Child, reports: Path, show: Show) -> None:
        self._world = world
        self._child = child
        self._reports = reports
        self._show = show
        self.crew = Crew(world.slack)
        self.sights: dict[str, Sight] = {}
        self.published: list[Filed] = []
        """What was filed before and after publishing again."""

    def play(self, story: Sequence[Beat]) -> str:
        """Play it to its end and return nothing, or why it stopped and where."""
        for beat in story:
            if beat.when > self._world.clock():
                self._world.clock.move_to(beat.when)
            try:
                done = self._do(beat.who, beat.deed)
            except (
                WentWrong,
                PersonError,
                OutageError,
                TimeoutError,
                LookupError,
                httpx.HTTPError,
            ) as exc:
                why = self._child.problem() or str(exc) or type(exc).__name__
                return f"At {beat.when:%H:%M:%S}, {beat.who}, {type(beat.deed).__name__}: {why}"
            self._show(self._world.clock(), beat.who, done)
        return ""

    def _do(self, who: str, deed: Deed) -> str:
        crew, hub = self.crew, self._world.hub
        match deed:
            case EvictProxy():
                return hub.evict_proxy()
            case HangStops(users=users):
                return stage.hang_stops(hub, users)
            case WaitInVain(users=users):
                return stage.wait_in_vain(hub, users, seconds=30)
            case StartServers(users=users):
                return stage.start_servers(hub, users)
            case Look(name=name):
                self.sights[name] = sight = stage.look(hub, name)
                return str(sight)
            case Declare():
                return crew.declare(who, deed)
            case Join():
                return crew.join(who)
            case Say():
                return crew.say(who, deed)
            case Reply(to=to, text=text):
                return crew.reply(who, to, text)
            case Edit(what=what, text=text):
                return crew.edit(who, what, text)
            case Delete(what=what):
                return crew.delete(who, what)
            case React(to=to, emoji=emoji):
                return crew.react(who, to, emoji)
            case Type(line=line, answer=answer):
                return crew.type(who, line, answer)
            case Run(runbook=runbook):
                return crew.run(who, runbook)
            case Remind():
                return crew.reminded()
            case Close():
                return crew.close(who, deed)
            case PublishAgain():
                return self._publish_again(who)
            case _:
                assert_never(deed)

    def _publish_again(self, who: str) -> str:
        self._published(1)
        self.published.append(filed(self._world.github, self._reports))
        rounds = self._child.events(PUBLISH_DONE)
        done = self.crew.type(who, "/incident publish", "stays as it is")
        self._published(rounds + 1)
        self.published.append(filed(self._world.github, self._reports))
        return done

    def _published(self, rounds: int) -> None:
        wait_for(
            lambda: self._child.events(PUBLISH_DONE) >= rounds,
            f"round {rounds} of publishing to end",
        )


@contextmanager
def no_longer_than(seconds: float, what: str) -> Iterator[None]:
    """Raise :class:`Overtime` in this block when it takes longer than so many seconds.

    In the main thread only, where signals arrive; elsewhere each wait has its own deadline only.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def over(_number: int, _frame: FrameType | None) -> None:
        raise Overtime(f"{what} took longer than {seconds:.0f} s.")

    before = signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
