"""Clear stuck servers: facts in, plan out."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.hubs import Condition
from bot.domain.plans import StepVerb
from bot.runbook import Ask
from runbooks.force_delete_stuck_servers import FORCE_DELETE_STUCK_SERVERS as CLEAR
from tests.support.hubs import evicted, facts, healthy, pod, server, stuck, terminating


def test_each_kind_gets_its_own_remedy() -> None:
    assert [(step.verb, step.args) for step in CLEAR.plan(stuck()).steps] == [
        (
            StepVerb.FORCE_DELETE_POD,
            {
                "user": "stop",
                "server": "",
                "pod": "jupyter-stop",
                "uid": "uid-stop",
                "was": Condition.STUCK_STOP,
            },
        ),
        (
            StepVerb.STOP_SERVER,
            {"user": "stale", "server": "", "was": Condition.STALE_RECORD},
        ),
        (
            StepVerb.STOP_SERVER,
            {"user": "spawn", "server": "", "was": Condition.STUCK_SPAWN},
        ),
        (
            StepVerb.DELETE_POD,
            {
                "user": "orphan",
                "server": "",
                "pod": "jupyter-orphan",
                "uid": "uid-orphan",
                "was": Condition.ORPHAN,
            },
        ),
    ]


def test_unrouted_servers_and_lost_events_get_advice_and_no_step() -> None:
    plan = CLEAR.plan(stuck())
    assert not {"unrouted", "lost", "fine"} & {step.args["user"] for step in plan.steps}
    assert any("1 ready server lacks only a route" in text for text in plan.cautions)
    assert any("pending stop without a pod (lost)" in text for text in plan.cautions)


def test_the_flagship_outage_is_never_a_reason_to_delete() -> None:
    plan = CLEAR.plan(evicted("ana", "ben"))
    assert plan.steps == ()
    assert "No server is stuck." in plan.nothing_to_do
    assert "2 ready servers lack only a route: resync-routes" in plan.nothing_to_do


def test_only_what_still_runs_counts_as_loss() -> None:
    (loss,) = CLEAR.plan(stuck()).losses
    assert (loss.servers, loss.users) == (2, ("orphan", "stop"))


def test_it_can_be_kept_to_some_users() -> None:
    plan = CLEAR.plan(stuck(), Ask(users=frozenset({"spawn", "fine"})))
    assert [step.target for step in plan.steps] == ["spawn"]
    nobody = CLEAR.plan(stuck(), Ask(users=frozenset({"fine"})))
    assert nobody.nothing_to_do == "No server of fine is stuck."


def test_a_second_run_has_nothing_to_do_and_says_why() -> None:
    assert CLEAR.plan(healthy("ana")).nothing_to_do == "No server is stuck."


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
    assert "kept by finalizer example.org/hold" in plan.nothing_to_do
    assert "kept by a StatefulSet" in plan.nothing_to_do


def test_without_hub_or_cluster_nothing_is_deleted() -> None:
    assert CLEAR.plan(facts(servers=None, pods=(pod("ana"),))).nothing_to_do == "No servers today."
    assert CLEAR.plan(facts(servers=(server("ana"),), pods=None)).nothing_to_do == "No pods today."
