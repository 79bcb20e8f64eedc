"""Each outage as users see it, and its fix on the real hub and cluster."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx
import pytest
from kubernetes import client

from sandbox.cluster.status import condition
from sandbox.cluster.waiting import wait_for
from sandbox.hub import HubSandbox, Row
from sandbox.outages import OutageError


def row(user: str, hub: str, pod: str, *, route: bool = False) -> Row:
    return Row(user=user, server="", hub=hub, pod=pod, route=route)


def user_routes(bot: httpx.Client) -> int:
    return sum("user" in route["data"] for route in bot.get("/proxy").json().values())


def proxy_pods(core: client.CoreV1Api, hub: HubSandbox) -> list[client.V1Pod]:
    found = core.list_namespaced_pod(hub.namespace, label_selector="component=proxy")
    pods: list[client.V1Pod] = found.items
    return pods


def test_an_evicted_proxy_loses_every_route_and_both_health_checks_say_200(
    hub: HubSandbox, bot: httpx.Client, core: client.CoreV1Api
) -> None:
    work = {user: hub.work_done(user) for user in hub.users}
    (old,) = proxy_pods(core, hub)
    assert hub.evict_proxy() == (
        "The proxy's pod was evicted and a new one started; 12 routes are gone."
    )
    assert (hub.hub_ok(), hub.proxy_ok()) == (True, True)
    assert user_routes(bot) == 0
    assert hub.visit("ana") == 500
    assert hub.rows() == [row(user, "ready", "Running") for user in sorted(hub.users)]
    states = {p.metadata.uid: p.status.reason for p in proxy_pods(core, hub)}
    assert states.pop(old.metadata.uid) == "Evicted"
    assert list(states.values()) == [None]

    assert bot.post("/proxy").status_code == 200
    assert user_routes(bot) == len(hub.users)
    assert hub.visit("ana") == 200
    assert {user: hub.work_done(user) for user in hub.users} == work | {"ana": work["ana"] + 1}


def test_restarting_the_rollout_restarts_the_proxys_process(
    hub: HubSandbox, bot: httpx.Client, core: client.CoreV1Api, apps: client.AppsV1Api
) -> None:
    (old,) = proxy_pods(core, hub)
    when = datetime.now(UTC).isoformat()
    annotations = {"kubectl.kubernetes.io/restartedAt": when}
    patch = {"spec": {"template": {"metadata": {"annotations": annotations}}}}
    patched = apps.patch_namespaced_deployment("proxy", hub.namespace, patch)

    def rolled_out() -> bool:
        found = apps.read_namespaced_deployment("proxy", hub.namespace)
        status = found.status
        seen = (status.observed_generation or 0) >= patched.metadata.generation
        counts = (status.replicas, status.updated_replicas, status.available_replicas)
        return seen and counts == (1, 1, 1)

    wait_for(rolled_out, "the rollout")
    (new,) = proxy_pods(core, hub)
    assert new.metadata.uid != old.metadata.uid
    wait_for(hub.proxy_ok, "users to get through")
    assert user_routes(bot) == 0
    assert bot.post("/proxy").status_code == 200
    assert {hub.visit(user) for user in ("ana", "ben")} == {200}


def test_a_killed_proxy_restarts_in_its_pod(hub: HubSandbox, core: client.CoreV1Api) -> None:
    (old,) = proxy_pods(core, hub)
    hub.kill_proxy()
    (now,) = proxy_pods(core, hub)
    assert now.metadata.uid == old.metadata.uid
    restarts = now.status.container_statuses[0].restart_count
    assert restarts == old.status.container_statuses[0].restart_count + 1
    assert not any(r.route for r in hub.rows())


def test_dropped_routes_are_missing_while_the_proxy_runs_on(
    hub: HubSandbox, bot: httpx.Client
) -> None:
    hub.drop_routes()
    assert user_routes(bot) == 0
    assert hub.proxy_ok()


def test_a_hanging_stop_ends_only_when_its_pod_is_forced_away(
    hub: HubSandbox, bot: httpx.Client, core: client.CoreV1Api
) -> None:
    hub.hang_stop("ana")
    assert hub.row("ana") == row("ana", "pending stop", "Terminating")
    assert bot.delete("/users/ana/server").status_code == 202
    refused = bot.post("/users/ana/server")
    assert refused.status_code == 400
    assert "is pending stop" in refused.json()["message"]

    pod = hub.user_pod("ana")
    assert pod is not None
    assert not condition(pod, "Ready")
    meta = pod["metadata"]
    body = client.V1DeleteOptions(
        grace_period_seconds=0, preconditions=client.V1Preconditions(uid=meta["uid"])
    )
    core.delete_namespaced_pod(meta["name"], meta["namespace"], body=body)
    wait_for(lambda: hub.row("ana") == row("ana", "absent", "none"), "the hub to notice")
    assert bot.post("/users/ana/server").status_code in (201, 202)
    wait_for(lambda: hub.row("ana").hub == "ready", "the start")
    assert hub.visit("ana") == 200


def test_a_hanging_start_is_cancelled(hub: HubSandbox, bot: httpx.Client) -> None:
    hub.hang_spawn("ben")
    assert hub.row("ben") == row("ben", "pending spawn", "Pending")
    assert bot.post("/users/ben/server").status_code == 202
    assert hub.visit("ben") == 424
    assert bot.delete("/users/ben/server").status_code in (202, 204)
    wait_for(lambda: hub.row("ben") == row("ben", "absent", "none"), "the pod to go")


def test_the_hub_cannot_stop_an_orphan(
    hub: HubSandbox, bot: httpx.Client, core: client.CoreV1Api
) -> None:
    work = hub.work_done("chidi")
    hub.orphan_pod("chidi")
    assert hub.row("chidi") == row("chidi", "absent", "Running")
    assert hub.work_done("chidi") == work
    assert bot.delete("/users/chidi/server").status_code == 204
    assert hub.row("chidi") == row("chidi", "absent", "Running")
    pod = hub.user_pod("chidi")
    assert pod is not None
    core.delete_namespaced_pod(pod["metadata"]["name"], hub.namespace)
    wait_for(lambda: hub.row("chidi") == row("chidi", "absent", "none"), "the pod to go")


def test_a_stale_record_is_taken_off_by_a_stop(hub: HubSandbox, bot: httpx.Client) -> None:
    hub.stale_record("dara")
    assert hub.row("dara") == row("dara", "ready", "none", route=True)
    assert hub.visit("dara") == 503
    assert bot.delete("/users/dara/server").status_code in (202, 204)
    wait_for(lambda: hub.row("dara") == row("dara", "absent", "none"), "the stop")


def test_without_a_proxy_nobody_gets_in_and_the_hub_is_well(hub: HubSandbox) -> None:
    hub.proxy_down()
    assert (hub.hub_ok(), hub.proxy_ok()) == (True, False)
    assert hub.visit("ana") == 0
    hub.proxy_up()
    assert (hub.hub_ok(), hub.proxy_ok()) == (True, True)
    assert not any(r.route for r in hub.rows())


def test_without_a_hub_people_work_on(hub: HubSandbox) -> None:
    work = hub.work_done("ana")
    hub.hub_down()
    assert (hub.hub_ok(), hub.proxy_ok()) == (False, True)
    assert hub.visit("ana") == 200
    assert hub.row("ana") == row("ana", "unknown", "Running", route=True)
    hub.hub_up()
    assert hub.row("ana") == row("ana", "ready", "Running", route=True)
    assert hub.work_done("ana") == work + 1


def test_an_empty_core_pool_takes_hub_and_proxy_along(
    hub: HubSandbox, core: client.CoreV1Api
) -> None:
    hub.drain_core_pool()
    assert (hub.hub_ok(), hub.proxy_ok()) == (False, False)
    nodes = core.list_node(label_selector="hub.jupyter.org/node-purpose=core").items
    assert nodes == []

    def refused() -> set[str]:
        selector = "reason=FailedScheduling"
        events = core.list_namespaced_event(hub.namespace, field_selector=selector).items
        return {event.involved_object.name.split("-")[0] for event in events}

    wait_for(lambda: refused() == {"hub", "proxy"}, "the scheduler's complaints")
    with pytest.raises(OutageError, match="no node already"):
        hub.drain_core_pool()


def test_healing_brings_everybody_back(hub: HubSandbox) -> None:
    hub.hang_stop("ana")
    hub.hang_spawn("ben")
    hub.orphan_pod("chidi")
    hub.stale_record("dara")
    hub.drop_routes()
    work = hub.work_done("elif")
    hub.heal()
    assert hub.rows() == [row(u, "ready", "Running", route=True) for u in sorted(hub.users)]
    assert {hub.visit(user) for user in hub.users} == {200}
    assert hub.work_done("elif") == work + 1


def test_the_page_can_play_them(hub: HubSandbox) -> None:
    outages = {outage.id: outage for outage in hub.outages()}
    assert len(outages) == len(hub.outages()) == 15
    assert outages["drop-routes"].run({}) == "12 routes were taken out of the proxy."
    (param,) = outages["hang-spawn"].params
    assert (param.name, tuple(param.choices)) == ("user", hub.users)
    assert outages["heal"].run({}) == "Everything is healthy again."
    with pytest.raises(OutageError, match="Choose a user"):
        outages["hang-stop"].run({})
    with pytest.raises(OutageError, match="no user nobody"):
        outages["hang-stop"].run({"user": "nobody"})


def test_an_outage_that_cannot_be_played_says_so(hub: HubSandbox) -> None:
    hub.hub_down()
    outages = {outage.id: outage for outage in hub.outages()}
    for id_ in ("hang-stop", "hang-spawn", "orphan-pod", "stale-record"):
        with pytest.raises(OutageError, match="ana's server is unknown"):
            outages[id_].run({"user": "ana"})


def test_an_outage_that_does_not_fit_is_refused(hub: HubSandbox) -> None:
    hub.stale_record("dara")
    with pytest.raises(OutageError, match="this needs ready and Running"):
        hub.hang_stop("dara")
