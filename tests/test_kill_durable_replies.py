"""Commands and buttons that call Slack before they are stored survive a kill.

The test freezes and kills mayday at the call that looks up the person. mayday has then stored the
request. It may not have sent the acknowledgement, so the person may see an error.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.domain.runs import RunState
from bot.render.runs import ACTION_CONFIRM
from bot.store import runs as run_rows
from bot.store.runs import Run
from bot.store.tables import inbox
from runbooks.resync_routes import resync_routes
from sandbox.slack import PersonError, SlackSandbox
from tests.support.bot import (
    HUB,
    Child,
    Moment,
    Scene,
    child,
    kill_at,
    texts,
    wait_and_kill,
    waiting_run,
)
from tests.support.forkserver import ForkServer
from tests.support.hub_stub import refusing
from tests.support.hubs import evicted
from tests.support.waiting import wait_until

WHO = "users.info"


@pytest.fixture
def mayday(
    slack: SlackSandbox, database_url: str, tmp_path: Path, forks: ForkServer
) -> Iterator[Child]:
    """A mayday in which ana may run runbooks, on a hub that refuses them."""
    allowed = {"allow": {"users": [slack.person("ana").id]}}
    with (
        refusing() as addresses,
        child(
            forks,
            slack,
            database_url,
            tmp_path,
            runbooks=allowed,
            hubs=[{**HUB, **addresses}],
        ) as made,
    ):
        yield made


def runs(scene: Scene, channel: str) -> list[Run]:
    with scene.store.read() as tx:
        return run_rows.of_incident(tx, scene.incident(channel).id)


def left(scene: Scene, kind: str = "") -> list[str]:
    """Stored deliveries that are not processed: of one kind, or all."""
    with scene.store.read() as tx:
        keys = tx.execute(select(inbox.c.key).where(inbox.c.done_at.is_(None))).scalars()
        return [key for key in keys if key.startswith(kind)]


@contextmanager
def killed_asking(mayday: Child, slack: SlackSandbox, *, after: bool = False) -> Iterator[None]:
    """Kill mayday when it looks up the person who acts in this block."""
    moment = Moment(method=WHO, after=after)
    slack.faults = [kill_at(mayday, moment)]
    with suppress(PersonError):
        yield
    wait_and_kill(mayday, slack, moment)
    slack.faults = []


BOTH_WAYS = pytest.mark.parametrize(
    ("database_url", "after"),
    [("sqlite", False), ("postgresql", True)],
    indirect=["database_url"],
    ids=["before", "after"],
)


@BOTH_WAYS
def test_a_command_that_was_acknowledged_is_carried_out(
    mayday: Child, aftermath: Scene, slack: SlackSandbox, after: bool
) -> None:
    """Takes up to half a minute: the claim of the killed process ends first."""
    mayday.start()
    channel = aftermath.declare().id
    with killed_asking(mayday, slack, after=after):
        aftermath.ana.command(channel, "/incident run resync-routes")
    assert runs(aftermath, channel) == []
    assert len(left(aftermath, "command/")) == 1

    mayday.start()

    slack.wait_for(lambda: bool(aftermath.posts(channel, "run")), 40, what="the plan")
    wait_until(lambda: left(aftermath) == [], "nothing is left", timeout=20)
    (run,) = runs(aftermath, channel)
    assert run.asked_by == aftermath.ana.id


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_refusal_after_a_kill_reaches_the_person(
    mayday: Child, aftermath: Scene, slack: SlackSandbox
) -> None:
    """Takes up to half a minute: the claim of the killed process ends first."""
    mayday.start()
    channel = aftermath.declare().id
    aftermath.ben.join(channel)
    with killed_asking(mayday, slack):
        aftermath.ben.command(channel, "/incident run resync-routes")

    mayday.start()

    def is_refused() -> bool:
        return any("not on the list" in text for text in texts(aftermath.ben.messages(channel)))

    slack.wait_for(is_refused, 40, what="the refusal")
    assert runs(aftermath, channel) == []


@BOTH_WAYS
def test_a_confirmation_that_was_acknowledged_is_carried_out(
    mayday: Child, aftermath: Scene, slack: SlackSandbox, after: bool
) -> None:
    """Takes up to half a minute: the claim of the killed process ends first."""
    mayday.start()
    channel = aftermath.declare().id
    with aftermath.store.write() as tx:
        assert run_rows.add(tx, waiting_run(aftermath, channel, resync_routes.plan(evicted("ana"))))
    # Any change to an incident updates its messages.
    aftermath.ana.command(channel, "/incident update we look")
    slack.wait_for(lambda: bool(aftermath.posts(channel, "run")), what="the plan")
    (plan,) = aftermath.posts(channel, "run")
    with killed_asking(mayday, slack, after=after):
        aftermath.ana.press(channel, plan["ts"], ACTION_CONFIRM)
    assert runs(aftermath, channel)[0].state is RunState.PLANNED

    mayday.start()

    wait_until(lambda: runs(aftermath, channel)[0].finished_at, "it is over", timeout=40)
    (run,) = runs(aftermath, channel)
    assert run.decided_by == aftermath.ana.id
    wait_until(lambda: left(aftermath) == [], "nothing is left", timeout=20)
    slack.wait_for(lambda: "run.confirm" not in str(aftermath.posts(channel, "run")), 20)
