"""Runs outside of incidents in the practice Slack: where the plan appears, and who approves it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.bootstrap import Bot
from bot.domain.hubs import Place
from bot.domain.runs import RunState
from bot.services import sync
from bot.store import runs as rows
from bot.store.runs import Run
from runbooks.resync_routes import resync_routes
from sandbox.clock import SandboxClock
from sandbox.slack import Person, SlackSandbox
from tests.support.bot import Scene, effect_of, running
from tests.support.hubs import evicted
from tests.support.waiting import wait_until

PLAN = replace(
    resync_routes.plan(evicted("ana", "ben")),
    place=Place(hub="datahub", cluster="practice", namespace="datahub-prod"),
)
"""As a plan of the bot's own hub."""


@pytest.fixture
def bot(slack: SlackSandbox, sqlite_url: str, tmp_path: Path) -> Iterator[Bot]:
    """A mayday in which Ana, Ben and Chidi run runbooks, of which one needs two others."""
    people = [slack.person(name).id for name in ("ana", "ben", "chidi")]
    runbooks = {"allow": {"users": people}, "policies": {"resync-routes": {"approvals": 2}}}
    with running(slack, sqlite_url, tmp_path, runbooks=runbooks) as made:
        yield made


@pytest.fixture
def scene(slack: SlackSandbox, bot: Bot, clock: SandboxClock) -> Scene:
    return Scene(slack=slack, store=bot.store, clock=clock)


def stored(scene: Scene) -> list[Run]:
    """Every run outside of incidents."""
    with scene.store.read() as tx:
        return rows.outside_of_incidents(tx, since=scene.clock().replace(year=2000))


def whispers(who: Person, channel: str) -> str:
    """A person's ephemeral messages."""
    return json.dumps([m for m in who.messages(channel) if m.get("ephemeral")])


def plans(scene: Scene, channel: str) -> list[dict[str, Any]]:
    """mayday's messages about runs there, without replies."""
    own = [(effect_of(message), message) for message in scene.own(channel)]
    return [m for effect, m in own if effect.startswith("run:") and "/step/" not in effect]


def test_two_others_approve_a_plan_in_a_channel_that_is_no_incidents(
    bot: Bot, scene: Scene, slack: SlackSandbox
) -> None:
    general = next(channel.id for channel in slack.channels() if channel.name == "general")
    run = Run(
        id="run1",
        incident_id=None,
        channel_id=general,
        runbook=PLAN.runbook,
        hub=PLAN.place.hub,
        options={},
        state=RunState.PLANNED,
        plan=PLAN.to_json(),
        error="",
        asked_by=scene.ana.id,
        asked_at=datetime.now(UTC),
    )
    with scene.store.write() as tx:
        assert rows.add(tx, run)
        sync.enqueue(bot.durable, tx, run.owner, "planned")
    slack.wait_for(lambda: bool(plans(scene, general)), what="the plan")
    ts = plans(scene, general)[0]["ts"]

    def shown() -> str:
        (plan,) = plans(scene, general)
        return json.dumps(plan)

    assert "2 other people must approve this plan" in shown()
    scene.ana.press(general, ts, "run.confirm")
    slack.wait_for(lambda: "doesn't count" in whispers(scene.ana, general), what="the refusal")
    scene.ben.press(general, ts, "run.confirm")
    slack.wait_for(
        lambda: f"Approved by <@{scene.ben.id}>; 1 more person must approve" in shown(),
        what="the first approval",
    )
    assert stored(scene)[0].state is RunState.PLANNED
    slack.person("chidi").press(general, ts, "run.confirm")
    wait_until(lambda: stored(scene)[0].state is not RunState.PLANNED, "the start of the run")
    slack.wait_for(
        lambda: f"approved by <@{scene.ben.id}>, <@{slack.person('chidi').id}>" in shown(),
        what="who approved",
    )


def test_the_command_posts_its_plan_where_it_was_typed(
    bot: Bot, scene: Scene, slack: SlackSandbox
) -> None:
    scene.ana.command("general", "/incident run resync-routes")
    general = next(channel.id for channel in slack.channels() if channel.name == "general")
    wait_until(lambda: bool(stored(scene)) and stored(scene)[0].plan is not None, "the plan")
    slack.wait_for(lambda: len(plans(scene, general)) == 1, what="the message")
    assert "The plan appears in this channel" in whispers(scene.ana, general)
    assert stored(scene)[0].channel_id == general


def test_where_mayday_is_not_invited_the_plan_is_a_direct_message(
    bot: Bot, scene: Scene, slack: SlackSandbox
) -> None:
    secret = scene.ana.create_channel("secret-ops", private=True)
    scene.ana.command(secret, "/incident run resync-routes")
    wait_until(lambda: bool(stored(scene)) and bool(stored(scene)[0].dm_id), "the direct message")
    dm = stored(scene)[0].dm_id
    slack.wait_for(lambda: len(plans(scene, dm)) == 1, what="the plan")
    slack.wait_for(
        lambda: "invite mayday to that channel" in json.dumps(plans(scene, dm)), what="why"
    )
    assert plans(scene, secret) == []
