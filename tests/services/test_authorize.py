"""Who may do what: one decision for commands, forms and buttons."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.bootstrap import Bot
from bot.domain.access import FOR_GUESTS, Act, Group, Rules
from bot.domain.audit import AuditOutcome
from bot.domain.incident import ARCHIVED, GONE, LEFT, Incident
from bot.domain.runs import RunState
from bot.errors import RetryLater, UserError
from bot.ports import Profile
from bot.services.audit import Audit
from bot.services.authorize import Asker
from bot.services.settings import AllowList
from bot.store import runs
from bot.store.engine import Store
from runbooks.resync_routes import resync_routes
from sandbox.clock import SandboxClock
from sandbox.slack import Person, SlackSandbox
from tests.support.bot import Scene, planned, running
from tests.support.desk import ANA, BEN, Desk
from tests.support.hubs import evicted
from tests.support.rows import CHANNEL, TEAM, stored
from tests.support.rows import incident as incident_with
from tests.support.waiting import wait_until

PLAN = resync_routes.plan(evicted("ana", "ben"))
NOT_LISTED = "You are not on the list"
LISTED = AllowList(users=frozenset({"U0CHIDI"}), groups=frozenset({"S00GONE", "S0ONCALL"}))
ONLY_ANA = AllowList(users=frozenset({ANA}))
INCIDENT = incident_with()
PRIVATE = incident_with(private=True)
RUNS = pytest.mark.parametrize("act", [Act.PLAN, Act.APPROVE])


@pytest.fixture
def rows(tmp_path: Path) -> Iterator[Store]:
    """A database with one incident."""
    made = Store(f"sqlite:///{tmp_path / 'rows.db'}")
    made.migrate()
    stored(made)
    yield made
    made.close()


def ask(
    desk: Desk,
    user: str,
    act: Act = Act.PLAN,
    incident: Incident | None = INCIDENT,
    *,
    channel: str = CHANNEL,
    installed_team: str = "",
) -> None:
    """Ask for a decision."""
    asker = Asker(user=user, channel=channel, installed_team=installed_team)
    desk.authorize.decide(asker, act, incident)


@RUNS
def test_nobody_may_unless_listed(rows: Store, act: Act) -> None:
    for user in (ANA, BEN):
        with pytest.raises(UserError, match=NOT_LISTED):
            ask(Desk(rows), user, act)


@RUNS
def test_listed_people_and_members_of_listed_groups_may(rows: Store, act: Act) -> None:
    desk = Desk(rows, operators=LISTED)
    desk.slack.groups = {"S0ONCALL": frozenset({ANA}), "S00GONE": frozenset()}
    ask(desk, "U0CHIDI", act)
    ask(desk, ANA, act)
    with pytest.raises(UserError, match=NOT_LISTED):
        ask(desk, "U0DORA", act)


def test_where_approvers_are_listed_only_they_and_admins_approve(rows: Store) -> None:
    desk = Desk(
        rows,
        operators=AllowList(users=frozenset({ANA})),
        approvers=AllowList(users=frozenset({BEN})),
        admins=AllowList(users=frozenset({"U0ADA"})),
    )
    ask(desk, ANA, Act.PLAN)
    with pytest.raises(UserError, match=r"approve runbooks.*access\.approvers"):
        ask(desk, ANA, Act.APPROVE)
    for user in (BEN, "U0ADA"):
        ask(desk, user, Act.PLAN)
        ask(desk, user, Act.APPROVE)


def test_a_group_that_is_gone_shuts_out_nobody_of_the_others(rows: Store) -> None:
    desk = Desk(rows, operators=LISTED)
    desk.slack.groups = {"S0ONCALL": frozenset({ANA})}
    ask(desk, ANA)
    with pytest.raises(UserError, match="S00GONE"):
        ask(desk, "U0DORA")


def test_a_group_that_is_gone_shuts_out_nobody_of_another_list(rows: Store) -> None:
    gone = AllowList(groups=frozenset({"S00GONE"}))
    restricted = Rules(restricted={Act.CLOSE: frozenset({Group.OPERATOR, Group.ROLE_HOLDER})})
    desk = Desk(rows, operators=gone, admins=ONLY_ANA, rules=restricted)
    for act in (Act.PLAN, Act.APPROVE, Act.CLOSE):
        ask(desk, ANA, act)
        with pytest.raises(UserError, match="S00GONE"):
            ask(desk, BEN, act)
    ask(desk, BEN, Act.CLOSE, replace(INCIDENT, roles={"commander": BEN}))


@RUNS
@pytest.mark.parametrize("opened", [{}, {"open_to_all": True}], ids=["listed", "open to all"])
def test_guests_bots_and_people_of_another_workspace_never_may(
    rows: Store, opened: dict[str, bool], act: Act
) -> None:
    listed = AllowList(users=frozenset({"U0GUS", "U0ROBOT", "U0FAR"}))
    rules = Rules(guests=FOR_GUESTS)
    desk = Desk(rows, operators=listed, admins=listed, rules=rules, **opened)
    desk.slack.guests, desk.slack.bots = {"U0GUS"}, {"U0ROBOT"}
    desk.slack.teams = {"U0FAR": "T0ELSEWHERE"}
    for user, why in (
        ("U0GUS", "Guests can't"),
        ("U0ROBOT", "active people only"),
        ("U0FAR", "people of this workspace"),
    ):
        with pytest.raises(UserError, match=why):
            ask(desk, user, act)


def test_open_to_all_opens_it_to_every_member(rows: Store) -> None:
    ask(Desk(rows, open_to_all=True), BEN, Act.APPROVE)


def test_never_in_a_channel_shared_with_another_organization(rows: Store) -> None:
    desk = Desk(rows, operators=ONLY_ANA)
    ask(desk, ANA)
    desk.slack.shared = {CHANNEL}
    with pytest.raises(UserError, match="shared with another organization"):
        ask(desk, ANA)


def test_a_form_of_the_app_of_another_workspace_is_refused(rows: Store) -> None:
    desk = Desk(rows)
    ask(desk, ANA, Act.CHANGE, installed_team=TEAM)
    with pytest.raises(UserError, match="people of this workspace"):
        ask(desk, ANA, Act.CHANGE, installed_team="T0ELSEWHERE")


def test_somebody_of_another_workspace_of_the_same_organization_is_no_stranger(
    rows: Store,
) -> None:
    me = Desk(rows).slack.identity()
    profile = Profile(
        id=ANA, team_id="T0OTHER", name="Ana", zone="UTC", is_guest=False, is_bot=False
    )
    assert profile.is_foreign(me)
    assert not replace(profile, org_teams=frozenset({TEAM, "T0OTHER"})).is_foreign(me)


@pytest.mark.parametrize("verb", ["channel", "profile", "group_members"])
@pytest.mark.parametrize(
    "fault", [RetryLater("Slack is silent."), UserError("A scope is missing.")], ids=["", "refused"]
)
def test_what_cannot_be_asked_is_a_no(rows: Store, verb: str, fault: Any) -> None:
    desk = Desk(rows, operators=LISTED)
    desk.slack.groups = {"S0ONCALL": frozenset({ANA})}
    desk.slack.failing = {verb: fault}
    with pytest.raises(UserError):
        ask(desk, ANA)


# --- incidents -----------------------------------------------------------------------------------


def test_guests_declare_nothing_invite_nobody_and_close_nothing_unless_configured(
    rows: Store,
) -> None:
    acts = {Act.DECLARE: None, Act.ASSIGN: INCIDENT, Act.CLOSE: INCIDENT}
    for allowed in (frozenset[Act](), frozenset(acts)):
        desk = Desk(rows, rules=Rules(guests=allowed))
        desk.slack.guests = {"U0GUS"}
        for act, incident in acts.items():
            if allowed:
                ask(desk, "U0GUS", act, incident)
                continue
            with pytest.raises(UserError, match=rf"Guests can't.*“{act}”.*access\.guests"):
                ask(desk, "U0GUS", act, incident)


@pytest.mark.parametrize("act", [act for act in Act if act is not Act.HELP])
def test_in_a_private_incident_only_members_of_its_channel_take_part(rows: Store, act: Act) -> None:
    everybody = AllowList(users=frozenset({ANA, BEN}))
    desk = Desk(rows, operators=everybody, admins=everybody)
    desk.slack.absent = {CHANNEL: {BEN}}
    for channel in (CHANNEL, "", "C0ELSEWHERE"):
        ask(desk, ANA, act, PRIVATE, channel=channel)
        with pytest.raises(UserError, match="no such incident, or you are not in its channel"):
            ask(desk, BEN, act, PRIVATE, channel=channel)


@pytest.mark.parametrize("fault", [RetryLater("Slack is silent."), UserError("No scope.")])
def test_an_unknown_membership_is_none(rows: Store, fault: Any) -> None:
    desk = Desk(rows)
    desk.slack.failing = {"is_member": fault}
    with pytest.raises(type(fault)):
        ask(desk, ANA, Act.READ, PRIVATE)


def test_without_its_channel_a_private_incident_is_its_declarers_and_role_holders(
    rows: Store,
) -> None:
    desk = Desk(rows)
    desk.slack.failing = {"is_member": UserError("There is no such channel.")}
    for incident in (
        replace(PRIVATE, channel_id=None, roles={"commander": BEN}),
        replace(PRIVATE, channel_state=GONE, roles={"commander": BEN}),
        replace(PRIVATE, channel_state=LEFT, roles={"commander": BEN}),
        replace(PRIVATE, channel_state=ARCHIVED, roles={"commander": BEN}),
    ):
        for user in (incident.declared_by, BEN):
            ask(desk, user, Act.CLOSE, incident, channel="")
        with pytest.raises(UserError, match="not in its channel"):
            ask(desk, "U0DORA", Act.CLOSE, incident, channel="")


def test_a_part_in_a_private_incident_goes_to_members_of_its_channel(rows: Store) -> None:
    desk = Desk(rows)
    desk.slack.absent = {CHANNEL: {BEN}}
    desk.authorize.take_part(PRIVATE, ANA)
    desk.authorize.take_part(INCIDENT, BEN)
    with pytest.raises(UserError, match="not in this private channel"):
        desk.authorize.take_part(PRIVATE, BEN)


def test_a_restricted_act_is_for_its_groups_and_admins(rows: Store) -> None:
    rules = Rules(restricted={Act.CLOSE: frozenset({Group.ROLE_HOLDER})})
    desk = Desk(rows, rules=rules, admins=AllowList(users=frozenset({"U0ADA"})))
    incident = replace(INCIDENT, roles={"commander": ANA})
    for user in (ANA, "U0ADA"):
        ask(desk, user, Act.CLOSE, incident)
    with pytest.raises(UserError, match=r"access\.restrict\.close"):
        ask(desk, BEN, Act.CLOSE, incident)
    ask(desk, BEN, Act.CHANGE, incident)


def test_a_note_in_the_incidents_own_channel_asks_slack_nothing(rows: Store) -> None:
    desk = Desk(rows)
    silent = RetryLater("Slack is silent.")
    desk.slack.failing = {"profile": silent, "is_member": silent, "channel": silent}
    for act in (Act.HELP, Act.READ, Act.RECORD):
        ask(desk, ANA, act)


def test_every_decision_is_in_the_audit_log_once(rows: Store) -> None:
    desk = Desk(rows)
    desk.slack.guests = {"U0GUS"}
    for _ in range(2):
        desk.command("note the proxy is back")
        desk.command("close", user="U0GUS")
    asker = Asker(user=ANA, channel=CHANNEL, origin="command close", idempotency_key="again")
    for _ in range(2):
        desk.authorize.decide(asker, Act.CLOSE, INCIDENT)
    found = [
        (one.line.actor, one.line.act, one.line.outcome.value, one.line.incident_id)
        for one in Audit(rows).latest(limit=100)
        if one.line.outcome in (AuditOutcome.ALLOWED, AuditOutcome.REFUSED)
    ]
    note, refused = (ANA, "record", "allowed"), ("U0GUS", "close", "refused")
    assert found == [
        (*line, INCIDENT.id) for line in (note, refused, note, refused, (ANA, "close", "allowed"))
    ]
    reasons = {one.line.reason for one in Audit(rows).latest(limit=100)}
    assert any("Guests can't" in reason for reason in reasons)
    assert not Audit(rows).verify().faults


def test_a_known_member_may_act_while_slack_is_silent(rows: Store) -> None:
    desk = Desk(rows)
    ask(desk, ANA, Act.DECLARE, None)
    desk.slack.failing = {"profile": RetryLater("Slack is silent.")}
    desk.now.at += timedelta(days=1)
    ask(desk, ANA, Act.DECLARE, None)
    with pytest.raises(RetryLater):
        ask(desk, BEN, Act.DECLARE, None)


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
        incident = guarded.services.incidents.of_channel(channel)
        try:
            guarded.services.authorize.decide(
                Asker(user=who.id, channel=channel), Act.PLAN, incident
            )
        except UserError as exc:
            return str(exc)
        return ""

    assert decide(guarded_scene.ana) == ""
    assert NOT_LISTED in decide(slack.person("dora"))
    for guest in (slack.person("gus"), slack.create_team_user("gil", single_channel_guest=True)):
        guest_answer = decide(guest)
        assert "Guests can't" in guest_answer
    visitor = slack.create_team_user("vi", from_another_team=True)
    assert "people of this workspace" in decide(visitor)
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

    for verb, action in (("approve", "run.confirm"), ("stop", "run.cancel")):
        dora.press(channel, plan["ts"], action)
        slack.wait_for(
            lambda verb=verb: f"who may {verb} runbooks" in whispers(dora, channel),
            what="the refusal",
        )
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
        guarded.services.runs.get("another")
    assert runs_of(scene, channel)[0].state is RunState.CANCELLED
