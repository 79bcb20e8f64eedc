"""Work that moves from a killed replica to a living one, with the real time limits.

Each move brings one replica to begin some work, kills it there, and measures how long another one
takes to finish that work.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bot.domain.limits import Limits as RealLimits
from sandbox.faults import missing, says
from sandbox.rules import on_call, on_event
from tests.crash.ending import picture, wrongs
from tests.crash.hub import NAMESPACE, PLACEHOLDER, STUCK
from tests.crash.points import Point, Watch, When
from tests.crash.run_story import APPROVER, PRE_WARM, RUNBOOKS, approvals
from tests.crash.stage import Limits, Stage, Workshop
from tests.crash.story import INCIDENTS, PUBLIC, Act, Story, runs
from tests.support.waiting import wait_until

WITHIN = 30.0
"""Seconds from the kill until the work is done."""

MOST = 90.0
TAKEN_OVER = "takeover.resumed"
SCALE = f"PATCH /apis/apps/v1/namespaces/{NAMESPACE}/statefulsets/{PLACEHOLDER}"
LOST = "Who restarted the proxy?"


@dataclass(frozen=True, kw_only=True)
class Move:
    """``after``: the acts that come before. ``at``: the call at which the replica is killed.

    ``done``: another replica did what was begun. ``once``: nothing was done twice.
    """

    name: str
    after: tuple[str, ...]
    at: tuple[str, str, When]
    do: Callable[[Stage], None]
    done: Callable[[Stage], bool]
    once: Callable[[Stage], bool] = lambda _stage: True
    story: Story = INCIDENTS


@dataclass(kw_only=True)
class Moved:
    """How long a move took, in seconds, and what went wrong."""

    name: str
    seconds: float = 0.0
    problems: list[str]
    logs: str = ""


def _act(name: str, story: Story = INCIDENTS) -> Act:
    return next(act for act in story.acts if act.name == name)


def _goes_on(stage: Stage) -> bool:
    """Whether another replica goes on with the run; how long a step takes is another matter."""
    taken = f"execute/{runs(stage)[-1].id}"
    lines = [line for r in stage.replicas.alive for line in r.logged().splitlines()]
    return any(TAKEN_OVER in line and taken in line for line in lines)


def _lose_a_message(stage: Stage) -> None:
    """Say something whose event Slack loses; a replica that joins then reads the history."""
    stage.slack.faults.append(on_event("message", missing(), holding=LOST))
    stage.scene.ben.join(stage.channel(PUBLIC))
    stage.scene.ben.say(stage.channel(PUBLIC), LOST)
    stage.replicas.start()


def _is_read(stage: Stage) -> bool:
    return any(m.text == LOST for m in stage.scene.messages(stage.channel(PUBLIC)))


def _fail_once(stage: Stage) -> None:
    """Have Slack refuse the next message, so that it is tried again."""
    stage.slack.faults.append(on_call("chat.postMessage", says(503), numbers=(1,)))
    _act("commander").do(stage)


def _is_told(stage: Stage) -> bool:
    posts = stage.scene.posts(stage.channel(PUBLIC), "entry")
    return any("commander" in str(post["text"]) for post in posts)


MOVES = (
    Move(
        name="a reminder",
        after=("declare",),
        at=("slack", "chat.postMessage remind", When.BEFORE),
        do=_act("reminder").do,
        done=_act("reminder").done,
    ),
    Move(
        name="an inbox delivery",
        after=("declare",),
        at=("slack", "users.info", When.BEFORE),
        do=_act("plan").do,
        done=_act("plan").done,
        once=lambda stage: len(runs(stage)) == 1,
    ),
    Move(
        name="a retry",
        after=("declare",),
        at=("slack", "chat.postMessage entry", When.BEFORE),
        do=_fail_once,
        done=_is_told,
    ),
    Move(
        name="a running runbook",
        after=("declare", "plan"),
        at=("cluster", "DELETE /api/v1/namespaces/datahub-prod/pods/jupyter-kofi", When.AFTER),
        do=_act("carry out").do,
        done=_goes_on,
        once=lambda stage: stage.hub.deletions() == len(STUCK) and len(runs(stage)) == 1,
    ),
    Move(
        name="an approval",
        after=("declare", "plan pre-warm"),
        at=("slack", "users.info", When.BEFORE),
        do=PRE_WARM.approve,
        done=lambda stage: approvals(stage) == [(stage.slack.person(APPROVER).id,)],
        once=PRE_WARM.is_over,
        story=RUNBOOKS,
    ),
    Move(
        name="an obligation",
        after=("declare", "plan pre-warm", "pre-warm"),
        at=("cluster", SCALE, When.AFTER),
        do=_act("take back", RUNBOOKS).do,
        done=_act("take back", RUNBOOKS).done,
        once=lambda stage: not RUNBOOKS.wrongs(stage),
        story=RUNBOOKS,
    ),
    Move(
        name="a reading of history",
        after=("declare",),
        at=("slack", "conversations.history", When.BEFORE),
        do=_lose_a_message,
        done=_is_read,
    ),
)


def move(workshop: Workshop, wanted: Move) -> Moved:
    """Play the acts up to a move with two replicas, then kill the one that begins the work."""
    moved = Moved(name=wanted.name, problems=[])
    limits = Limits(call=RealLimits.call, lease=RealLimits.lease)
    with workshop.database("postgresql") as url, workshop.stage(url, limits=limits) as stage:
        try:
            _play(stage, wanted, moved)
        except (TimeoutError, AssertionError) as exc:
            moved.problems.append(f"{type(exc).__name__}: {exc}")
        if moved.seconds > WITHIN:
            moved.problems.append(f"took {moved.seconds:.1f} s, more than {WITHIN:.0f} s")
        if moved.problems:
            logs = (f"--- replica {r.number}\n{r.logged()}" for r in stage.replicas.all)
            moved.logs = "\n".join([*logs, picture(stage)])
    return moved


def _play(stage: Stage, wanted: Move, moved: Moved) -> None:
    watch = Watch(stage.replicas, hold=0)
    for _ in range(2):
        stage.start()
    for act in (act for act in wanted.story.acts if act.name in wanted.after):
        act.do(stage)
        wait_until(
            lambda act=act: act.done(stage) and not stage.unsettled(), act.name, timeout=MOST
        )
    system, name, when = wanted.at
    with _armed(stage, watch, Point(act="", system=system, name=name, number=1, when=when)):
        wanted.do(stage)
        wait_until(lambda: watch.happened, f"{name} to be called", timeout=MOST)
    began = time.monotonic()
    wait_until(lambda: wanted.done(stage), wanted.name, timeout=MOST)
    moved.seconds = time.monotonic() - began
    wait_until(lambda: not stage.unsettled(), "rest", timeout=MOST)
    if not wanted.once(stage):
        moved.problems.append("something was done twice")
    moved.problems += wrongs(stage)


@contextmanager
def _armed(stage: Stage, watch: Watch, point: Point) -> Iterator[None]:
    system = stage.systems[point.system]
    system.rules.append(watch.hook(point.system))
    watch.arm(point)
    yield
