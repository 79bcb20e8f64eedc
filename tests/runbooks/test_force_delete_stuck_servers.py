"""Clear stuck servers: facts in, plan out."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.evidence import Known, View
from bot.domain.facts import HubFacts, Part
from bot.domain.hubs import Condition, Pod, Server
from runbooks.force_delete_stuck_servers import CLASSES, REMEDIES
from runbooks.force_delete_stuck_servers import force_delete_stuck_servers as CLEAR
from tests.support.clearing import SINCE, beside_zoe, named, why
from tests.support.hubs import (
    NOW,
    evicted,
    facts,
    healthy,
    pod,
    route,
    server,
    stale,
    stuck,
    terminating,
)

# --- remedies -----------------------------------------------------------------------------------


def test_each_kind_gets_its_own_remedy() -> None:
    assert [(step.verb, step.target) for step in CLEAR.plan(stuck()).steps] == [
        ("force_delete_pod", "jupyter-stop"),
        ("force_delete_pod", "jupyter-gone"),
        ("delete_pod", "jupyter-unsent"),
        ("delete_pod", "jupyter-orphan"),
        ("stop_server", "spawn"),
    ]
    assert [(step.verb, step.target) for step in CLEAR.plan(stale()).steps] == [
        ("stop_server", "stale")
    ]


def test_a_pod_is_deleted_by_its_uid() -> None:
    step = CLEAR.plan(beside_zoe(server("ana", pending="stop"), terminating("ana"))).steps[0]
    assert (step.user, step.server) == ("ana", "")
    assert (step.pod, step.uid) == ("jupyter-ana", "uid-ana")
    assert step.destructive


def test_a_stop_that_never_reached_the_cluster_is_not_forced() -> None:
    plan = CLEAR.plan(beside_zoe(server("ana", pending="stop"), pod("ana"), since=SINCE))
    assert [step.verb for step in plan.steps] == ["delete_pod"]
    assert plan.summary == (
        "Clear 1 stuck server: 1 whose stop never reached the cluster (delete the pod)."
    )


def test_an_orphan_whose_deletion_never_ends_is_forced() -> None:
    """A second delete with the same grace period has no effect."""
    plan = CLEAR.plan(beside_zoe(None, terminating("ana")))
    assert [step.verb for step in plan.steps] == ["force_delete_pod"]
    assert any("check the node" in text for text in plan.cautions)


def test_of_a_dead_node_it_is_said_that_the_hub_follows() -> None:
    plan = CLEAR.plan(beside_zoe(server("ana"), terminating("ana"), routed=True))
    assert [step.verb for step in plan.steps] == ["force_delete_pod"]
    assert "The hub shows ana as ready until its next poll." in plan.cautions[1]


def test_an_evicted_pod_of_a_pending_stop_is_force_deleted() -> None:
    gone = pod("ana", phase="Failed", reason="Evicted")
    plan = CLEAR.plan(beside_zoe(server("ana", pending="stop"), gone))
    assert [(step.verb, step.loses) for step in plan.steps] == [("force_delete_pod", ())]
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
    """Add one server to the facts."""
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


# --- lost work ----------------------------------------------------------------------------------


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
    assert [step.uid for step in CLEAR.plan(seen, named("ana/lab2")).steps] == ["2"]
    assert [step.uid for step in CLEAR.plan(seen, named("p2")).steps] == ["2"]
    assert len(CLEAR.plan(seen, named("ana")).steps) == 2


def test_a_name_that_means_nobody_is_not_called_well() -> None:
    seen = replace(healthy("kofi"), people={"koffi": Known(value=False)})
    plan = CLEAR.plan(seen, named("koffi"))
    assert why(plan) == "The hub has no user koffi: check the spelling."
    assert plan.undecided[0].part is Part.USERS


def test_one_name_that_means_nobody_stops_the_others() -> None:
    plan = CLEAR.plan(
        replace(stuck(), people={"gohst": Known(value=False)}), named("stop", "gohst")
    )
    assert why(plan).startswith("The hub has no user gohst:")


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


# --- nothing to do ------------------------------------------------------------------------------


def test_the_flagship_outage_is_never_a_reason_to_delete() -> None:
    plan = CLEAR.plan(evicted("ana", "ben"))
    assert plan.steps == ()
    assert plan.nothing_to_do == (
        "No server is stuck. 2 ready servers lack only a route to their pods: run resync-routes for that. "
        "Their work is safe, and nothing of theirs is deleted."
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


def test_a_doubt_about_all_servers_is_told_once() -> None:
    doubt = "The token needs the scope read:servers without a filter."
    seen = facts(servers=View(unknown=doubt), pods=(pod("ana"),), routes=(route("ana"),))
    (part,) = CLEAR.plan(seen).undecided
    assert part.why.count(doubt.rstrip(".")) == 1


# --- a class, and a start afterwards ------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "users"),
    [
        ("every kind", {"stop", "gone", "unsent", "spawn", "orphan"}),
        ("stuck while stopping", {"stop", "unsent"}),
        ("stuck while starting", {"spawn"}),
        ("on a node that is gone", {"gone"}),
        ("pod without a record", {"orphan"}),
        ("record without a pod", set()),
    ],
)
def test_one_class_is_cleared_and_no_other(kind: str, users: set[str]) -> None:
    plan = CLEAR.plan(stuck(), CLEAR.arguments({"kind": kind}))
    assert {step.user for step in plan.steps} == users
    assert bool(plan.nothing_to_do) is not bool(users)


def test_a_class_without_a_server_is_named() -> None:
    plan = CLEAR.plan(stale(), CLEAR.arguments({"kind": "pod without a record"}))
    assert "No server is stuck in the way “pod without a record”." in plan.nothing_to_do


def test_the_classes_of_the_form_are_those_of_the_conditions() -> None:
    (kind,) = (each for each in CLEAR.parameters if each.name == "kind")
    assert kind.choices == tuple(CLASSES)
    assert {each for some in CLASSES.values() for each in some} == set(REMEDIES)


def test_only_servers_that_somebody_wanted_are_started_afterwards() -> None:
    plan = CLEAR.plan(stuck(), CLEAR.arguments({"start_afterwards": "yes"}))
    cleared = [step.user for step in plan.steps if step.verb != "start_server"]
    started = [step.user for step in plan.steps if step.verb == "start_server"]
    assert sorted(cleared) == ["gone", "orphan", "spawn", "stop", "unsent"]
    # Those whose stop hangs, and the pod without a record, were not wanted any more.
    assert sorted(started) == ["gone", "spawn"]
    assert [step.verb for step in plan.steps[-2:]] == ["start_server"] * 2
    assert plan.summary.endswith("Then start 2 of them again.")
    assert CLEAR.plan(stuck()).steps == plan.steps[:-2]
