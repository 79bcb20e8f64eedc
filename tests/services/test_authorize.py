"""Who may run a runbook: one decision for the command, the form and the buttons."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.bootstrap import Bot
from bot.errors import UserError
from bot.store import runs
from bot.store.runs import RunState
from runbooks.resync_routes import RESYNC_ROUTES
from sandbox.clock import SandboxClock
from sandbox.slack import Person, SlackSandbox, answers, drop_before, on_call
from tests.support.bot import Scene, planned, running
from tests.support.hubs import evicted
from tests.support.waiting import wait_until

PLAN = RESYNC_ROUTES.plan(evicted("ana", "ben"))
NOT_LISTED = "You are not on the list"


@pytest.fixture
def allowed(slack: SlackSandbox) -> dict[str, list[str]]:
    """Ben by name, and the group of those on call, in which Ana is."""
    group = slack.usergroups()[0]
    return {"users": [slack.person("chidi").id], "groups": [group.id]}


@pytest.fixture
def guarded(
    slack: SlackSandbox, sqlite_url: str, tmp_path: Path, allowed: dict[str, list[str]]
) -> Iterator[Bot]:
    """A mayday with a list of those who may run runbooks."""
    with running(slack, sqlite_url, tmp_path, runbooks={"allow": allowed}) as made:
        yield made


@pytest.fixture
def guarded_scene(slack: SlackSandbox, guarded: Bot, clock: SandboxClock) -> Scene:
    return Scene(slack=slack, store=guarded.store, clock=clock)


def ask(bot: Bot, scene: Scene, who: Person, channel: str, *, user_team: str = "") -> None:
    """Ask the one function that decides."""
    bot.context.authorize.runbook(
        team_id=scene.slack.team_id,
        user_team=user_team or scene.slack.team_id,
        user=who.id,
        channel_id=channel,
    )


def runs_of(scene: Scene, channel: str) -> list[runs.Run]:
    """Every run that was ever asked for."""
    with scene.store.read() as tx:
        return runs.of_incident(tx, scene.incident(channel).id)


def whispers(who: Person, channel: str) -> str:
    """What mayday told one person alone."""
    return json.dumps([m for m in who.messages(channel) if m.get("ephemeral")])


def test_nobody_may_unless_listed(bot: Bot, scene: Scene) -> None:
    channel = scene.declare().id
    for who in (scene.ana, scene.ben):
        with pytest.raises(UserError, match=NOT_LISTED):
            ask(bot, scene, who, channel)


def test_listed_people_and_members_of_listed_groups_may(guarded: Bot, guarded_scene: Scene) -> None:
    channel = guarded_scene.declare().id
    ask(guarded, guarded_scene, guarded_scene.slack.person("chidi"), channel)
    ask(guarded, guarded_scene, guarded_scene.ana, channel)
    with pytest.raises(UserError, match=NOT_LISTED):
        ask(guarded, guarded_scene, guarded_scene.slack.person("dora"), channel)


def test_a_group_that_is_gone_shuts_out_nobody_of_the_others(
    slack: SlackSandbox, sqlite_url: str, tmp_path: Path, clock: SandboxClock
) -> None:
    groups = ["S00GONE", slack.usergroups()[0].id]
    with running(slack, sqlite_url, tmp_path, runbooks={"allow": {"groups": groups}}) as bot:
        scene = Scene(slack=slack, store=bot.store, clock=clock)
        channel = scene.declare().id
        ask(bot, scene, scene.ana, channel)
        with pytest.raises(UserError, match=r"S00GONE of runbooks\.allow\.groups"):
            ask(bot, scene, slack.person("dora"), channel)


def test_guests_never_may(
    slack: SlackSandbox, sqlite_url: str, tmp_path: Path, clock: SandboxClock
) -> None:
    guests = [
        slack.person("gus"),
        slack.create_team_user("gil", single_channel_guest=True),
    ]
    listed = {"allow": {"users": [guest.id for guest in guests]}}
    with running(slack, sqlite_url, tmp_path, runbooks=listed) as bot:
        scene = Scene(slack=slack, store=bot.store, clock=clock)
        channel = scene.declare().id
        for guest in guests:
            with pytest.raises(UserError, match="Guests can't"):
                ask(bot, scene, guest, channel)


def test_open_to_all_opens_it_to_no_guest_and_no_stranger(
    slack: SlackSandbox, sqlite_url: str, tmp_path: Path, clock: SandboxClock
) -> None:
    """The practice world's openness is for its own people."""
    opened = {"open_to_all": True}
    with running(slack, sqlite_url, tmp_path, practice=opened) as bot:
        scene = Scene(slack=slack, store=bot.store, clock=clock)
        channel = scene.declare().id
        ask(bot, scene, scene.ben, channel)
        with pytest.raises(UserError, match="Guests can't"):
            ask(bot, scene, slack.person("gus"), channel)
        with pytest.raises(UserError, match="people of this workspace"):
            ask(bot, scene, scene.ben, channel, user_team="T0ELSEWHERE")


def test_never_in_a_channel_shared_with_another_organisation(
    guarded: Bot, guarded_scene: Scene
) -> None:
    channel = guarded_scene.declare().id
    guarded_scene.slack.share_channel(channel)
    with pytest.raises(UserError, match="shared with another organization"):
        ask(guarded, guarded_scene, guarded_scene.ana, channel)


def test_never_for_people_of_another_workspace(guarded: Bot, guarded_scene: Scene) -> None:
    channel = guarded_scene.declare().id
    with pytest.raises(UserError, match="people of this workspace"):
        ask(guarded, guarded_scene, guarded_scene.ana, channel, user_team="T0ELSEWHERE")


@pytest.mark.parametrize("method", ["conversations.info", "users.info", "usergroups.users.list"])
@pytest.mark.parametrize("fault", ["silence", "refusal"])
def test_what_cannot_be_asked_is_a_no(
    guarded: Bot, guarded_scene: Scene, slack: SlackSandbox, method: str, fault: str
) -> None:
    channel = guarded_scene.declare().id
    wrong = drop_before() if fault == "silence" else answers("missing_scope")
    slack.faults = [on_call(method, wrong)]
    with pytest.raises(UserError):
        ask(guarded, guarded_scene, guarded_scene.ana, channel)


@pytest.mark.parametrize("way", ["command", "form"])
def test_a_refusal_is_one_sentence_and_nothing_is_planned(
    bot: Bot, scene: Scene, slack: SlackSandbox, way: str
) -> None:
    channel = scene.declare().id
    ana = scene.ana
    if way == "command":
        ana.command(channel, "/incident run resync-routes")
    else:
        ana.command(channel, "/incident run")
        slack.wait_for(lambda: bool(ana.views()), what="the form")
        ana.submit(ana.views()[-1]["id"], {"runbook": "resync-routes"})
    slack.wait_for(lambda: NOT_LISTED in whispers(ana, channel), what="the refusal")
    assert runs_of(scene, channel) == []


def test_the_buttons_ask_the_same_question(
    guarded: Bot, guarded_scene: Scene, slack: SlackSandbox
) -> None:
    """Whoever may not run it may neither confirm nor cancel another's plan."""
    scene, ana = guarded_scene, guarded_scene.ana
    channel = scene.declare().id
    dora = slack.person("dora")
    dora.join(channel)
    plan = planned(guarded, scene, channel, PLAN)

    for action in ("run.confirm", "run.cancel"):
        dora.press(channel, plan["ts"], action)
        slack.wait_for(lambda: NOT_LISTED in whispers(dora, channel), what="the refusal")
    assert runs_of(scene, channel)[0].state is RunState.PLANNED

    ana.press(channel, plan["ts"], "run.cancel")
    wait_until(lambda: runs_of(scene, channel)[0].state is RunState.CANCELLED, "cancelled")


def test_a_stale_button_is_dead(guarded: Bot, guarded_scene: Scene) -> None:
    scene = guarded_scene
    channel = scene.declare().id
    planned(guarded, scene, channel, PLAN)
    run = runs_of(scene, channel)[0]
    guarded.runs.cancel(run.id, scene.ana.id)
    with pytest.raises(UserError, match="decided on already"):
        guarded.runs.confirm(run.id, scene.ana.id)
    with pytest.raises(UserError, match="decided on already"):
        guarded.runs.cancel(run.id, scene.ana.id)
    with pytest.raises(UserError, match="does not know this plan"):
        guarded.runs.incident_of("another")
    assert runs_of(scene, channel)[0].state is RunState.CANCELLED
