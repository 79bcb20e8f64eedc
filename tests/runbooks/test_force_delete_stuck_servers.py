"""Clear stuck servers: facts in, plan out."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.evidence import Fact, Known, Unknown, View
from bot.domain.facts import BlastRadius, HubFacts, Part
from bot.domain.hubs import Condition, HubAccess, Pod, Right, Server
from bot.domain.plans import Plan, StepVerb
from bot.runbook import Parameters
from runbooks.force_delete_stuck_servers import FORCE_DELETE_STUCK_SERVERS as CLEAR
from tests.support.hubs import (
    ACCESS,
    NOW,
    evicted,
    facts,
    healthy,
    late_spawn,
    pod,
    route,
    server,
    stale,
    stuck,
    terminating,
)

SINCE = {("ana", ""): NOW - timedelta(minutes=5)}


def beside_zoe(
    record: Server | None, its_pod: Pod | None, *, routed: bool = False, **more: object
) -> HubFacts:
    """Ana's server as these say; Zoe's is well."""
    return facts(
        servers=(*((record,) if record else ()), server("zoe")),
        pods=(*((its_pod,) if its_pod else ()), pod("zoe")),
        routes=(*((route("ana"),) if routed else ()), route("zoe")),
        **more,  # type: ignore[arg-type]
    )


def named(*users: str) -> Parameters:
    return Parameters(users=frozenset(users))


def why(plan: Plan) -> str:
    """Why it cannot be told what to do."""
    assert (plan.steps, plan.nothing_to_do) == ((), "")
    return " ".join(part.why for part in plan.undecided)


# --- remedies -----------------------------------------------------------------------------------


def test_each_kind_gets_its_own_remedy() -> None:
    assert [(step.verb, step.target) for step in CLEAR.plan(stuck()).steps] == [
        (StepVerb.FORCE_DELETE_POD, "jupyter-stop"),
        (StepVerb.FORCE_DELETE_POD, "jupyter-gone"),
        (StepVerb.DELETE_POD, "jupyter-unsent"),
        (StepVerb.DELETE_POD, "jupyter-orphan"),
        (StepVerb.STOP_SERVER, "spawn"),
    ]
    assert [(step.verb, step.target) for step in CLEAR.plan(stale()).steps] == [
        (StepVerb.STOP_SERVER, "stale")
    ]


def test_a_pod_is_deleted_by_its_uid() -> None:
    step = CLEAR.plan(beside_zoe(server("ana", pending="stop"), terminating("ana"))).steps[0]
    assert step.args == {"user": "ana", "server": "", "pod": "jupyter-ana", "uid": "uid-ana"}
    assert step.destructive


def test_a_stop_that_never_reached_the_cluster_is_not_forced() -> None:
    plan = CLEAR.plan(beside_zoe(server("ana", pending="stop"), pod("ana"), since=SINCE))
    assert [step.verb for step in plan.steps] == [StepVerb.DELETE_POD]
    assert plan.summary == (
        "Clear 1 stuck server: 1 whose stop never reached the cluster (delete the pod)."
    )


def test_an_orphan_whose_deletion_never_ends_is_forced() -> None:
    """To delete it again in its own grace time would have no effect."""
    plan = CLEAR.plan(beside_zoe(None, terminating("ana")))
    assert [step.verb for step in plan.steps] == [StepVerb.FORCE_DELETE_POD]
    assert any("check the node" in text for text in plan.cautions)


def test_of_a_dead_node_it_is_said_that_the_hub_follows() -> None:
    plan = CLEAR.plan(beside_zoe(server("ana"), terminating("ana"), routed=True))
    assert [step.verb for step in plan.steps] == [StepVerb.FORCE_DELETE_POD]
    assert "The hub shows ana as ready until its next poll." in plan.cautions[1]


def test_an_evicted_pod_of_a_pending_stop_is_force_deleted() -> None:
    gone = pod("ana", phase="Failed", reason="Evicted")
    plan = CLEAR.plan(beside_zoe(server("ana", pending="stop"), gone))
    assert [(step.verb, step.loses) for step in plan.steps] == [(StepVerb.FORCE_DELETE_POD, ())]
    assert plan.losses == ()


@pytest.mark.parametrize(
    ("record", "its_pod", "condition", "said"),
    [
        (
            server("ana"),
            replace(pod("ana", reason="CrashLoopBackOff"), ready=False, restarts=12),
            Condition.CRASHING,
            "Crashing repeatedly: ana. Nothing is deleted.",
        ),
        (
            server("ana"),
            replace(
                pod("ana"),
                restarts=12,
                last_exit="OOMKilled",
                last_exit_at=NOW - timedelta(minutes=1),
            ),
            Condition.CRASHING,
            "raise its memory limit",
        ),
        (
            server("ana", pending="stop"),
            None,
            Condition.LOST_EVENTS,
            "Pending stop without a pod: ana. The hub missed the end of the pod.",
        ),
        (
            server("ana", pending="check"),
            pod("ana"),
            Condition.HUNG_CHECK,
            "The hub's check doesn't finish: ana. Restart the hub.",
        ),
    ],
)
def test_what_no_deletion_helps_gets_advice_and_no_step(
    record: Server, its_pod: Pod | None, condition: Condition, said: str
) -> None:
    seen = beside_zoe(record, its_pod, routed=record.ready, since=SINCE)
    assert [row.condition for row in seen.rows] == [condition, Condition.OK]
    plan = CLEAR.plan(seen)
    assert plan.steps == ()
    assert said in plan.nothing_to_do
    assert "No server is stuck" not in plan.nothing_to_do
    also = CLEAR.plan(facts_with(seen, server("ben", pending="stop"), terminating("ben")))
    assert len(also.steps) == 1
    assert any(said in text for text in also.cautions)


def facts_with(seen: HubFacts, record: Server, its_pod: Pod) -> HubFacts:
    """The same with one more server."""
    return facts(
        servers=(*seen.servers.items, record),
        pods=(*seen.pods.items, its_pod),
        routes=seen.routes,
        since=SINCE,
    )


@pytest.mark.parametrize(
    ("record", "its_pod", "reason"),
    [
        (server("ana"), replace(pod("ana"), phase="Unknown"), "Unknown"),
        (server("ana"), replace(pod("ana"), ready=False), "not ready"),
        (server("ana"), pod("ana", phase="Pending"), "Pending"),
        (replace(server("ana"), ready=False, pending="nap"), pod("ana"), "pending nap"),
        (None, replace(pod("ana"), phase="Unknown"), "Unknown"),
    ],
)
def test_what_the_evidence_does_not_settle_is_not_called_well(
    record: Server | None, its_pod: Pod, reason: str
) -> None:
    said = why(CLEAR.plan(beside_zoe(record, its_pod, routed=record is not None)))
    assert said.startswith("1 cannot be judged: ana (")
    assert reason in said


# --- who loses what -----------------------------------------------------------------------------


def test_only_what_may_run_counts_as_loss() -> None:
    plan = CLEAR.plan(stuck())
    (loss,) = plan.losses
    assert (loss.servers, loss.users) == (4, ("gone", "orphan", "stop", "unsent"))
    assert [step.loses for step in plan.steps] == [
        ("stop",),
        ("gone",),
        ("unsent",),
        ("orphan",),
        (),
    ]


def test_activity_that_nobody_knows_is_not_called_quiet() -> None:
    (loss,) = CLEAR.plan(beside_zoe(None, pod("ana"))).losses
    assert (loss.servers, loss.active, loss.unknown, loss.latest) == (1, 0, 1, None)


# --- named users --------------------------------------------------------------------------------


def test_it_can_be_kept_to_some_users() -> None:
    plan = CLEAR.plan(stuck(), named("spawn", "fine"))
    assert [step.target for step in plan.steps] == ["spawn"]
    assert CLEAR.plan(stuck(), named("fine")).nothing_to_do == "No server of fine is stuck."


def test_it_can_be_kept_to_one_server_or_one_pod() -> None:
    seen = facts(
        servers=(server("ana", pending="stop"), server("ana", name="lab2", pending="stop")),
        pods=(terminating("ana"), replace(terminating("ana"), server="lab2", name="p2", uid="2")),
    )
    assert [step.args["uid"] for step in CLEAR.plan(seen, named("ana/lab2")).steps] == ["2"]
    assert [step.args["uid"] for step in CLEAR.plan(seen, named("p2")).steps] == ["2"]
    assert len(CLEAR.plan(seen, named("ana")).steps) == 2


def test_a_name_that_means_nobody_is_not_called_well() -> None:
    seen = replace(healthy("kofi"), people={"koffi": Known(value=False)})
    plan = CLEAR.plan(seen, named("koffi"))
    assert why(plan) == "The hub knows no koffi: did you mean kofi?"
    assert plan.undecided[0].part is Part.USERS


def test_one_name_that_means_nobody_stops_the_others() -> None:
    plan = CLEAR.plan(
        replace(stuck(), people={"gohst": Known(value=False)}), named("stop", "gohst")
    )
    assert why(plan).startswith("The hub knows no gohst:")


def test_a_user_without_a_server_is_told_of() -> None:
    seen = replace(stuck(), people={"idle": Known(value=True), "lazy": Known(value=True)})
    assert CLEAR.plan(seen, named("idle")).nothing_to_do == (
        "idle has no running or pending server."
    )
    plan = CLEAR.plan(seen, named("stop", "idle", "lazy"))
    assert [step.target for step in plan.steps] == ["jupyter-stop"]
    assert "idle, lazy have no running or pending server." in plan.cautions
    assert CLEAR.plan(seen, named("fine", "idle")).nothing_to_do == (
        "No server of fine is stuck. idle has no running or pending server."
    )


# --- the blast radius ---------------------------------------------------------------------------


def lost(count: int, *, ready: int, limit: BlastRadius | None = None) -> HubFacts:
    """A hub of which so many stale records stand beside so many servers that are well."""
    gone = [f"gone{n:03}" for n in range(count)]
    well = [f"well{n:03}" for n in range(ready)]
    seen = facts(
        servers=tuple(map(server, (*gone, *well))),
        pods=tuple(map(pod, well)),
        routes=tuple(map(route, well)),
    )
    return replace(seen, limit=limit or BlastRadius())


@pytest.mark.parametrize(
    ("count", "ready", "limit", "proposed"),
    [
        (10, 1, None, True),
        (11, 1, None, False),
        (25, 100, None, True),  # 20 % of 125 ready ones
        (26, 100, None, False),
        (3, 30, BlastRadius(servers=2, percent=0), False),
        (2, 30, BlastRadius(servers=2, percent=0), True),
        (6, 4, BlastRadius(servers=1, percent=60), True),
        (1, 4, BlastRadius(servers=0, percent=0), False),
    ],
)
def test_so_many_at_once_are_not_proposed(
    count: int, ready: int, limit: BlastRadius | None, proposed: bool
) -> None:
    plan = CLEAR.plan(lost(count, ready=ready, limit=limit))
    assert len(plan.steps) == (count if proposed else 0)
    if not proposed:
        said = why(plan)
        assert said.startswith(f"{count} servers look stuck at once ({count + ready} are ready)")
        assert "name the users" in said


def test_named_users_pass_the_limit() -> None:
    seen = lost(11, ready=1)
    users = [row.user for row in seen.having(Condition.STALE_RECORD)]
    assert len(CLEAR.plan(seen, named(*users)).steps) == 11


def test_a_step_that_was_confirmed_is_left_out_when_the_limit_is_passed_meanwhile() -> None:
    confirmed = CLEAR.plan(lost(10, ready=1))
    fresh = CLEAR.plan(lost(11, ready=1))
    assert "look stuck at once" in fresh.left_out(confirmed.steps[0])


# --- what stands between plan and step ----------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            beside_zoe(late_spawn("ana"), None),
            beside_zoe(late_spawn("ana", minutes=10.5), None),
        ),
        (
            beside_zoe(server("ana", pending="stop"), terminating("ana")),
            beside_zoe(
                replace(server("ana", pending="stop"), started=NOW - timedelta(minutes=30)),
                terminating("ana"),
            ),
        ),
        (
            beside_zoe(server("ana", pending="stop"), terminating("ana")),
            beside_zoe(server("ana", pending="stop"), replace(terminating("ana"), uid="new")),
        ),
        (beside_zoe(None, pod("ana")), beside_zoe(None, terminating("ana"))),
        (
            beside_zoe(server("ana"), None),
            beside_zoe(replace(server("ana"), started=NOW - timedelta(minutes=1)), None),
        ),
    ],
    ids=["started again", "stopped again", "another pod", "another trouble", "a fresh record"],
)
def test_another_start_or_another_pod_is_another_step(before: HubFacts, after: HubFacts) -> None:
    (step,) = CLEAR.plan(before).steps
    (other,) = CLEAR.plan(after).steps
    assert step.id != other.id
    assert CLEAR.plan(after).left_out(step)
    assert not CLEAR.plan(before).left_out(step)


def test_a_fresh_start_is_not_cancelled() -> None:
    (step,) = CLEAR.plan(beside_zoe(late_spawn("ana"), None)).steps
    fresh = CLEAR.plan(beside_zoe(server("ana", pending="spawn"), None))
    assert fresh.left_out(step) == "No server is stuck."


# --- guards -------------------------------------------------------------------------------------


def test_finalizers_and_stateful_sets_are_left_to_people() -> None:
    seen = facts(
        servers=(server("ana", pending="stop"), server("ben", pending="stop")),
        pods=(
            replace(terminating("ana"), finalizers=("example.org/hold",)),
            replace(terminating("ben"), owner_kind="StatefulSet"),
        ),
    )
    plan = CLEAR.plan(seen)
    assert plan.steps == ()
    assert "protected by finalizer example.org/hold" in plan.nothing_to_do
    assert "protected by a StatefulSet" in plan.nothing_to_do


@pytest.mark.parametrize(
    ("version", "cancels"),
    [
        ("4.1.6", False),
        ("5.0.0", False),
        ("5.1.0", True),
        ("5.10", True),
        ("6.0.0b1", True),
        ("10.0", True),
        ("", False),
        ("unheard-of", False),
        ("5", False),
    ],
)
def test_an_old_hub_cannot_cancel_a_start(version: str, cancels: bool) -> None:
    seen = replace(
        beside_zoe(late_spawn("ana"), None),
        access=Known(value=HubAccess(version=version, scopes=ACCESS.scopes)),
    )
    plan = CLEAR.plan(seen)
    assert bool(plan.steps) is cancels
    if not cancels:
        told = version or "of unknown version"
        assert plan.nothing_to_do == (
            f"JupyterHub {told} can't cancel a pending start; version 5.1 and later can. Restart "
            "the hub, or wait until it gives up the start."
        )


def test_an_old_hub_clears_everything_else() -> None:
    old = Known(value=HubAccess(version="4.1.6", scopes=ACCESS.scopes))
    plan = CLEAR.plan(replace(stuck(), access=old))
    assert [step.args["user"] for step in plan.steps] == ["stop", "gone", "unsent", "orphan"]
    assert len(CLEAR.plan(replace(stale(), access=old)).steps) == 1


def test_a_start_without_a_pod_is_cancelled_although_no_events_are_read() -> None:
    """Without a pod no node can be on its way for it."""
    seen = beside_zoe(late_spawn("ana"), None, events=View.unread("Not allowed to list events."))
    assert [step.verb for step in CLEAR.plan(seen).steps] == [StepVerb.STOP_SERVER]


@pytest.mark.parametrize(
    ("right", "refused", "said"),
    [
        (
            Right.DELETE_PODS,
            Known(value=False),
            "mayday isn't allowed to delete pods in namespace datahub-prod of cluster teaching: "
            "grant it in the Role of mayday's service account.",
        ),
        (
            Right.GET_PODS,
            Known(value=False),
            "mayday isn't allowed to get pods in namespace datahub-prod of cluster teaching: "
            "grant it in the Role of mayday's service account.",
        ),
        (
            Right.DELETE_SERVERS,
            Known(value=False),
            "The token of hub datahub lacks the scope delete:servers without a filter: add it to the "
            "role of mayday's service in the hub's configuration.",
        ),
        (Right.DELETE_PODS, Unknown(why="The cluster did not say."), "The cluster did not say."),
    ],
)
def test_a_right_that_is_missing_or_unknown_is_told_before_a_plan_is_offered(
    right: Right, refused: Fact[bool], said: str
) -> None:
    plan = CLEAR.plan(replace(stuck(), rights={right: refused}))
    assert why(plan) == said
    assert plan.undecided[0].part is Part.RIGHTS


def test_a_right_that_no_step_needs_forbids_nothing() -> None:
    rights: dict[Right, Fact[bool]] = {
        Right.DELETE_PODS: Known(value=False),
        Right.PATCH_DEPLOYMENT: Unknown(why="The cluster did not say."),
    }
    assert len(CLEAR.plan(replace(stale(), rights=rights)).steps) == 1


# --- nothing to do ------------------------------------------------------------------------------


def test_the_flagship_outage_is_never_a_reason_to_delete() -> None:
    plan = CLEAR.plan(evicted("ana", "ben"))
    assert plan.steps == ()
    assert plan.nothing_to_do == (
        "No server is stuck. 2 ready servers lack only a route: run resync-routes for that. Their "
        "work is safe, and nothing of theirs is deleted."
    )


def test_a_second_run_has_nothing_to_do_and_says_why() -> None:
    assert CLEAR.plan(healthy("ana")).nothing_to_do == "No server is stuck."


@pytest.mark.parametrize(
    ("missing", "part", "said"),
    [
        ({"servers": None, "pods": (pod("ana"),)}, Part.SERVERS, "No servers today."),
        ({"servers": (server("ana"),), "pods": None}, Part.PODS, "No pods today."),
    ],
)
def test_without_hub_or_cluster_nothing_is_deleted_and_nothing_called_well(
    missing: dict[str, object], part: Part, said: str
) -> None:
    plan = CLEAR.plan(facts(**missing))  # type: ignore[arg-type]
    assert why(plan) == said
    assert [unknown.part for unknown in plan.undecided] == [part]


def test_where_the_hub_may_hide_servers_nothing_is_called_well() -> None:
    hidden = View(items=(server("ana"),), unknown="The token is filtered.")
    seen = facts(servers=hidden, pods=(pod("ana"),), routes=(route("ana"),))
    assert why(CLEAR.plan(seen)) == "The token is filtered."
