"""Who may run a runbook: one decision for the command, the form and the buttons."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.bootstrap import Bot
from bot.domain.runs import RunState
from bot.errors import RetryLater, UserError
from bot.store import runs
from bot.store.engine import Store
from runbooks.resync_routes import RESYNC_ROUTES
from sandbox.clock import SandboxClock
from sandbox.slack import Person, SlackSandbox
from tests.support.bot import Scene, planned, running
from tests.support.desk import ANA, BEN, Desk
from tests.support.hubs import evicted
from tests.support.rows import CHANNEL, TEAM, stored
from tests.support.waiting import wait_until

PLAN = RESYNC_ROUTES.plan(evicted("ana", "ben"))
NOT_LISTED = "You are not on the list"
LISTED: dict[str, Any] = {
    "may_run_users": frozenset({"U0CHIDI"}),
    "may_run_groups": frozenset({"S00GONE", "S0ONCALL"}),
}


@pytest.fixture
def rows(tmp_path: Path) -> Iterator[Store]:
    """A database with one incident."""
    made = Store(f"sqlite:///{tmp_path / 'rows.db'}")
    made.migrate()
    stored(made)
    yield made
    made.close()


def ask(desk: Desk, user: str, *, user_team: str = TEAM) -> None:
    """Call the authorization function."""
    desk.authorize.runbook(team_id=TEAM, user_team=user_team, user=user, channel_id=CHANNEL)


def test_nobody_may_unless_listed(rows: Store) -> None:
    for user in (ANA, BEN):
        with pytest.raises(UserError, match=NOT_LISTED):
            ask(Desk(rows), user)


def test_listed_people_and_members_of_listed_groups_may(rows: Store) -> None:
    desk = Desk(rows, **LISTED)
    desk.slack.groups = {"S0ONCALL": frozenset({ANA}), "S00GONE": frozenset()}
    ask(desk, "U0CHIDI")
    ask(desk, ANA)
    with pytest.raises(UserError, match=NOT_LISTED):
        ask(desk, "U0DORA")


def test_a_group_that_is_gone_shuts_out_nobody_of_the_others(rows: Store) -> None:
    desk = Desk(rows, **LISTED)
    desk.slack.groups = {"S0ONCALL": frozenset({ANA})}
    ask(desk, ANA)
    with pytest.raises(UserError, match=r"S00GONE, listed in runbooks\.allow\.groups"):
        ask(desk, "U0DORA")


@pytest.mark.parametrize("opened", [{}, {"open_to_all": True}], ids=["listed", "open to all"])
def test_guests_and_bots_never_may(rows: Store, opened: dict[str, bool]) -> None:
    desk = Desk(rows, may_run_users=frozenset({"U0GUS", "U0ROBOT"}), **opened)
    desk.slack.guests, desk.slack.bots = {"U0GUS"}, {"U0ROBOT"}
    for user in ("U0GUS", "U0ROBOT"):
        with pytest.raises(UserError, match="Guests can't"):
            ask(desk, user)


def test_open_to_all_opens_it_to_no_stranger(rows: Store) -> None:
    """Open access covers only the workspace's members."""
    desk = Desk(rows, open_to_all=True)
    ask(desk, BEN)
    with pytest.raises(UserError, match="people of this workspace"):
        ask(desk, BEN, user_team="T0ELSEWHERE")


def test_never_in_a_channel_shared_with_another_organization(rows: Store) -> None:
    desk = Desk(rows, may_run_users=frozenset({ANA}))
    ask(desk, ANA)
    desk.slack.shared = {CHANNEL}
    with pytest.raises(UserError, match="shared with another organization"):
        ask(desk, ANA)


def test_never_for_people_of_another_workspace(rows: Store) -> None:
    with pytest.raises(UserError, match="people of this workspace"):
        ask(Desk(rows, may_run_users=frozenset({ANA})), ANA, user_team="T0ELSEWHERE")


@pytest.mark.parametrize("verb", ["channel", "profile", "group_members"])
@pytest.mark.parametrize(
    "fault", [RetryLater("Slack is silent."), UserError("A scope is missing.")], ids=["", "refused"]
)
def test_what_cannot_be_asked_is_a_no(rows: Store, verb: str, fault: Any) -> None:
    desk = Desk(rows, **LISTED)
    desk.slack.groups = {"S0ONCALL": frozenset({ANA})}
    desk.slack.failing = {verb: fault}
    with pytest.raises(UserError):
        ask(desk, ANA)


# --- through the practice Slack ------------------------------------------------------------------


@pytest.fixture
def guarded(slack: SlackSandbox, sqlite_url: str, tmp_path: Path) -> Iterator[Bot]:
    """A mayday in which the on-call group, which includes Ana, may run runbooks."""
    allowed = {"users": [slack.person("chidi").id], "groups": [slack.usergroups()[0].id]}
    with running(slack, sqlite_url, tmp_path, runbooks={"allow": allowed}) as made:
        yield made


@pytest.fixture
def guarded_scene(slack: SlackSandbox, guarded: Bot, clock: SandboxClock) -> Scene:
    return Scene(slack=slack, store=guarded.store, clock=clock)


def runs_of(scene: Scene, channel: str) -> list[runs.Run]:
    """Every requested run."""
    with scene.store.read() as tx:
        return runs.of_incident(tx, scene.incident(channel).id)


def whispers(who: Person, channel: str) -> str:
    """A person's ephemeral messages."""
    return json.dumps([m for m in who.messages(channel) if m.get("ephemeral")])


def test_slack_tells_who_is_a_guest_a_member_of_a_group_and_what_is_shared(
    guarded: Bot, guarded_scene: Scene, slack: SlackSandbox
) -> None:
    """The same decision with Slack's answers."""
    channel = guarded_scene.declare().id

    def decide(who: Person) -> str:
        try:
            guarded.services.authorize.runbook(
                team_id=slack.team_id, user_team=slack.team_id, user=who.id, channel_id=channel
            )
        except UserError as exc:
            return str(exc)
        return ""

    assert decide(guarded_scene.ana) == ""
    assert NOT_LISTED in decide(slack.person("dora"))
    for guest in (slack.person("gus"), slack.create_team_user("gil", single_channel_guest=True)):
        assert "Guests can't" in decide(guest)
    slack.share_channel(channel)
    assert "shared with another organization" in decide(guarded_scene.ana)


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
    """Only people who may run it can confirm or cancel another's plan."""
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
    guarded.services.runs.cancel(run.id, scene.ana.id)
    with pytest.raises(UserError, match="already confirmed or cancelled"):
        guarded.services.runs.confirm(run.id, scene.ana.id)
    with pytest.raises(UserError, match="already confirmed or cancelled"):
        guarded.services.runs.cancel(run.id, scene.ana.id)
    with pytest.raises(UserError, match="no longer has this plan"):
        guarded.services.runs.incident_of("another")
    assert runs_of(scene, channel)[0].state is RunState.CANCELLED
