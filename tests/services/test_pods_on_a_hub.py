"""Failed pods, and a proxy that hangs on a dead node, on a real hub and the cluster double."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.domain.runs import Outcome
from bot.services.audit import Audit
from bot.services.evidence import READING, READING_LOGS, Evidence
from bot.store.engine import Store
from runbooks.clear_failed_pods import clear_failed_pods
from runbooks.collect_diagnostics import collect_diagnostics
from runbooks.force_delete_stuck_servers import force_delete_stuck_servers
from runbooks.restart_proxy import restart_proxy
from sandbox.cluster.resources import NODES, POD_METRICS, PODS
from sandbox.cluster.storage import Obj, now
from sandbox.cluster.waiting import wait_for
from tests.support.desk import ELSEWHERE, Desk
from tests.support.hub import Lab, lab, running_lab
from tests.support.slack_answers import SlackAnswers

__all__ = ["lab", "running_lab"]


def pods(lab: Lab) -> dict[str, str]:
    """The phase of each pod, by its uid."""
    found = lab.sandbox.cluster.storage.objects(PODS, lab.sandbox.namespace)
    return {pod["metadata"]["uid"]: pod["status"]["phase"] for pod in found}


def test_the_pods_of_an_eviction_are_cleared_and_nothing_else(lab: Lab) -> None:
    work = {user: lab.sandbox.work_done(user) for user in lab.sandbox.users}
    lab.sandbox.evict_proxy()
    before = pods(lab)
    failed = {uid for uid, phase in before.items() if phase == "Failed"}
    assert failed
    plan = lab.plan(clear_failed_pods)
    assert {step.uid for step in plan.steps} == failed
    results = lab.carry_out(clear_failed_pods, plan)
    assert {result.outcome for result in results} == {Outcome.DONE}
    assert pods(lab) == {uid: phase for uid, phase in before.items() if uid not in failed}
    assert {user: lab.sandbox.work_done(user) for user in lab.sandbox.users} == work
    assert "no pod that failed" in lab.plan(clear_failed_pods).nothing_to_do


def test_diagnostics_are_collected_in_time_and_change_nothing(lab: Lab, tmp_path: Path) -> None:
    store, slack = Store(f"sqlite:///{tmp_path / 'rows.db'}"), SlackAnswers()
    store.migrate()
    chat: Any = slack
    sites = {lab.place.hub: lab.site}
    evidence = Evidence(store, chat, Audit(store), sites=sites, wall=lambda: datetime.now(UTC))
    before = pods(lab)
    (step,) = lab.plan(collect_diagnostics).steps
    began = time.monotonic()
    seen = step.perform(replace(lab.site, diagnostics=evidence))
    assert time.monotonic() - began < READING + READING_LOGS
    assert step.perform(replace(lab.site, diagnostics=evidence)) == {}, "it is there"
    ((_, _, text),) = slack.files
    assert "Log of hub" in text and "Log of proxy" in text and "Events, the latest last" in text
    assert lab.sandbox.api_token not in text
    assert seen["pods"] >= 2 and seen["logs"] >= 2
    assert pods(lab) == before
    store.close()


def test_a_rollout_that_hangs_on_a_dead_node_goes_on(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runbooks.restart_proxy.LONG_GONE", timedelta(seconds=-60))
    box = lab.sandbox
    stuck = box.component_pod("proxy")
    assert stuck is not None
    name, uid = stuck["metadata"]["name"], stuck["metadata"]["uid"]

    def moved(pod: Obj) -> None:
        pod["spec"]["nodeName"] = "core-pool-lost"

    box.cluster.kubelet.freeze(uid)
    box.cluster.storage.mutate(PODS, box.namespace, name, moved)
    assert box.cluster.storage.find(NODES, "", "core-pool-lost") is None
    lab.cluster.restart_deployment(box.namespace, "proxy", "2026-11-28T00:00:00+00:00")
    wait_for(lambda: lab.read().proxy_pods.items[0].deleting_since is not None, "the rollout")

    plan = lab.plan(restart_proxy)
    assert [(step.verb, step.target) for step in plan.steps] == [
        ("force_delete_proxy_pod", name),
        ("resync_routes", "routes"),
    ]
    results = lab.carry_out(restart_proxy, plan)
    assert [result.outcome for result in results] == [Outcome.DONE, Outcome.DONE]
    assert uid not in pods(lab)
    assert all(row.route for row in box.rows())
    assert {box.visit(user) for user in box.users} == {200}


def test_a_proxy_near_its_memory_limit_is_a_finding(lab: Lab, sqlite_url: str) -> None:
    box = lab.sandbox
    storage, verbs = box.cluster.storage, box.cluster.verbs
    store = Store(sqlite_url)
    store.migrate()
    desk = Desk(store, hubs=(box.name,), sites={box.name: lab.site})

    def asked() -> str:
        return str(desk.command("diagnose", channel=ELSEWHERE).blocks)

    proxy = box.component_pod("proxy")
    assert proxy is not None
    name, labels = proxy["metadata"]["name"], proxy["metadata"]["labels"]
    assert "memory limit" not in asked()

    def limited(pod: Obj) -> None:
        pod["spec"]["containers"][0]["resources"] = {"limits": {"memory": "512Mi"}}

    storage.mutate(PODS, box.namespace, name, limited)
    assert "how near the proxy is to its memory limit: Cluster sandbox has no metrics" in asked()

    usage = {"name": "chp", "usage": {"memory": f"{95 * 512 * 1024 // 100}Ki"}}
    measured = {"metadata": {"name": name, "labels": labels}, "timestamp": now()}
    body = measured | {"containers": [usage]}
    verbs.create(POD_METRICS, box.namespace, body)
    try:
        said = asked()
    finally:
        storage.remove(POD_METRICS, box.namespace, name)
        store.close()
    assert "The proxy uses 486 MiB of its memory limit of 512 MiB." in said
    assert "Restart the proxy" in said


def test_a_cleared_server_is_started_again(lab: Lab) -> None:
    lab.sandbox.stale_record("ana")
    lab.sandbox.hang_stop("ben")
    lab.until_stuck(force_delete_stuck_servers, 2)
    typed = {"kind": "record without a pod", "start_afterwards": True}
    plan = lab.plan(force_delete_stuck_servers, **typed)
    assert [(step.verb, step.target) for step in plan.steps] == [
        ("stop_server", "ana"),
        ("start_server", "ana"),
    ]
    arguments = force_delete_stuck_servers.arguments(typed)
    results = lab.carry_out(force_delete_stuck_servers, plan, arguments)
    assert [result.outcome for result in results] == [Outcome.DONE, Outcome.DONE]
    rows = {row.user: (row.hub, row.pod, row.route) for row in lab.sandbox.rows()}
    assert rows["ana"] == ("ready", "Running", True)
    assert rows["ben"] == ("pending stop", "Terminating", False)
