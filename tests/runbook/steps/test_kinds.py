"""Checks for every kind of step: its module, wording and storage."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path

import pytest

from bot.domain.rights import Permission, Scope
from bot.render import steps as render_steps
from bot.render.steps import WORDS, entry_words
from bot.runbook import steps
from bot.runbook.plan import UNREADABLE, Plan, UnreadablePlan
from bot.runbook.steps import KINDS, kind_of
from bot.runbook.steps.notice_step import NoticeStep
from bot.runbook.steps.server import PodStep, ServerStep
from bot.runbook.steps.step import Step, UnknownStep
from bot.runbook.steps.stored import from_stored, to_stored
from runbooks.force_delete_stuck_servers import force_delete_stuck_servers as CLEAR
from runbooks.restart_proxy import restart_proxy as RESTART
from tests.support.hubs import PLACE, evicted, stale, stuck
from tests.support.steps import ONE_OF_EACH

SHARED = {
    *("step", "server", "stored", "rollout", "notice_step", "core_pool", "node_step"),
    *("canary_step", "ended_pod"),
}
"""Modules that are not kinds."""


def test_every_kind_has_its_file_its_words_and_an_example() -> None:
    verbs = [kind.verb for kind in KINDS]
    assert len(set(verbs)) == len(verbs)
    assert [words.verb for words in WORDS] == verbs
    assert [step.verb for step in ONE_OF_EACH] == verbs
    assert files(steps.__file__) - SHARED == set(verbs)
    assert files(render_steps.__file__) - {"words"} == set(verbs)


def files(init: str | None) -> set[str]:
    assert init is not None
    return {path.stem for path in Path(init).parent.glob("[a-z]*.py")}


@pytest.mark.parametrize("step", ONE_OF_EACH, ids=lambda step: str(step.verb))
def test_a_step_comes_back_from_json_as_it_was(step: Step) -> None:
    stored = json.loads(json.dumps(to_stored(step)))
    assert set(stored) == {"verb", *(field.name for field in fields(step))}
    assert from_stored(stored) == step
    assert from_stored(stored).id == step.id


@pytest.mark.parametrize("step", ONE_OF_EACH, ids=lambda step: str(step.verb))
def test_a_step_names_its_rights(step: Step) -> None:
    rights = step.needs(PLACE)
    needs_none = isinstance(step, NoticeStep) or step.verb in ("open_revert", "share_diagnostics")
    assert rights or needs_none
    assert all(isinstance(right, Scope | Permission) for right in rights)


# --- unreadable data ----------------------------------------------------------------------------


def plan_with(step: object) -> dict[str, object]:
    return {**RESTART.plan(evicted("ana")).to_json(), "steps": [step]}


def test_an_unknown_verb_is_an_error() -> None:
    with pytest.raises(UnknownStep, match="“drain_node”"):
        kind_of("drain_node")
    with pytest.raises(UnreadablePlan, match="has a step “drain_node” that this version"):
        Plan.from_json(plan_with({"verb": "drain_node", "node": "n1"}))


@pytest.mark.parametrize(
    "step", [{"verb": "delete_pod"}, {"node": "n1"}, "delete_pod", None], ids=repr
)
def test_a_step_without_its_fields_is_an_error(step: object) -> None:
    with pytest.raises(UnreadablePlan) as told:
        Plan.from_json(plan_with(step))
    assert str(told.value) == UNREADABLE


def test_a_plan_that_is_none_is_an_error() -> None:
    with pytest.raises(UnreadablePlan):
        Plan.from_json({})


def test_an_entry_of_another_version_is_shown_by_its_verb() -> None:
    data = {
        "runbook": "cordon",
        "cluster": "teaching",
        "namespace": "prod",
        "hub": "datahub",
        "step": "cordon_{node}",
        "target": "`n1`",
        "outcome": "failed",
    }
    assert entry_words(data, "<@U1>") == (
        "<@U1> ran `cordon` on `teaching / prod / datahub` to cordon node `'n1'`: failed"
    )


# --- data stored by earlier versions ------------------------------------------------------------


def earlier(verb: str, identity: str, loses: list[str], measure: object, **args: str) -> object:
    """A step in the format without kinds."""
    return {
        "id": f"{verb}:{identity}" if identity else verb,
        "verb": verb,
        "target": "unused",
        "measure": measure,
        "args": args,
        "destructive": True,
        "needs": ["get pods"],
        "loses": loses,
    }


AT = "2026-11-22T12:00:00+00:00"
TEN = "2026-11-22T10:00:00+00:00"


def test_a_restart_of_an_earlier_version() -> None:
    restart = earlier(
        "restart_proxy",
        "proxy:4",
        ["ana"],
        {"kind": "rolled_out", "args": {"at": AT}, "times": 1, "apart": 2.0, "within": 300.0},
        deployment="proxy",
        at=AT,
    )
    routed = {"kind": "routed", "args": {}, "times": 2, "apart": 15.0, "within": 120.0}
    resync = earlier("resync_routes", "", [], routed)
    stored = {**plan_with(None), "steps": [restart, resync]}
    assert Plan.from_json(stored) == RESTART.plan(evicted("ana"))


def of_before(step: Step) -> Step:
    """The step without what earlier versions did not store."""
    assert isinstance(step, ServerStep)
    return replace(step, found="", **({} if isinstance(step, PodStep) else {"pod": ""}))


def test_the_clearing_of_an_earlier_version() -> None:
    def settled(user: str, uid: str, started: str) -> object:
        args = {"user": user, "server": "", "uid": uid, "started": started}
        return {"kind": "settled", "args": args, "times": 1, "apart": 2.0, "within": 90.0}

    def gone(uid: str) -> object:
        return {"kind": "pod_gone", "args": {"uid": uid}, "times": 1, "apart": 2.0, "within": 90.0}

    def pod(user: str) -> dict[str, str]:
        return {"user": user, "server": "", "pod": f"jupyter-{user}", "uid": f"uid-{user}"}

    late = "2026-11-22T11:49:00+00:00"
    steps = [
        earlier(
            "force_delete_pod",
            f"stop/:stuck_stop:{TEN}:uid-stop",
            ["stop"],
            settled("stop", "uid-stop", TEN),
            **pod("stop"),
        ),
        earlier(
            "force_delete_pod",
            f"gone/:lost_node:{TEN}:uid-gone",
            ["gone"],
            gone("uid-gone"),
            **pod("gone"),
        ),
        earlier(
            "delete_pod",
            f"unsent/:unsent_stop:{TEN}:uid-unsent",
            ["unsent"],
            gone("uid-unsent"),
            **pod("unsent"),
        ),
        earlier(
            "delete_pod",
            "orphan/:orphan::uid-orphan",
            ["orphan"],
            gone("uid-orphan"),
            **pod("orphan"),
        ),
        earlier(
            "stop_server",
            f"spawn/:stuck_spawn:{late}:uid-spawn",
            [],
            settled("spawn", "uid-spawn", late),
            user="spawn",
            server="",
        ),
    ]
    now = CLEAR.plan(stuck())
    read = Plan.from_json({**now.to_json(), "steps": steps})
    assert read.steps == tuple(map(of_before, now.steps))
    assert [now.left_out(step) for step in read.steps] == [""] * 5
    (stop,) = CLEAR.plan(stale()).steps
    assert of_before(stop) == from_stored(
        earlier(
            "stop_server",
            f"stale/:stale_record:{TEN}:",
            [],
            settled("stale", "", TEN),
            user="stale",
            server="",
        )  # type: ignore[arg-type]
    )
