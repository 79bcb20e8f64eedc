"""The healthy hub: its objects, and what the bot's token is allowed to do."""

from __future__ import annotations

import httpx
import pytest
from kubernetes import client
from kubernetes.client.exceptions import ApiException

from sandbox.cluster.waiting import wait_for
from sandbox.hub import DEFAULT_USERS, HubSandbox, Row


def test_every_user_has_a_server_and_reaches_it(hub: HubSandbox) -> None:
    assert hub.rows() == [
        Row(user=user, server="", hub="ready", pod="Running", route=True)
        for user in sorted(DEFAULT_USERS)
    ]
    assert {hub.visit(user) for user in hub.users} == {200}
    assert hub.hub_ok()
    assert hub.proxy_ok()


def test_work_is_kept_in_the_servers_memory(hub: HubSandbox) -> None:
    before = hub.work_done("ana")
    hub.visit("ana")
    hub.visit("ana")
    assert hub.work_done("ana") == before + 2


def test_each_route_leads_to_the_address_of_its_pod(
    hub: HubSandbox, bot: httpx.Client, core: client.CoreV1Api
) -> None:
    selector = "component=singleuser-server"
    pods = core.list_namespaced_pod(hub.namespace, label_selector=selector).items
    addresses = {
        pod.metadata.annotations["hub.jupyter.org/username"]: f"http://{pod.status.pod_ip}:8888"
        for pod in pods
    }
    assert len(set(addresses.values())) == len(hub.users)
    routes = [route for route in bot.get("/proxy").json().values() if "user" in route["data"]]
    assert {route["data"]["user"]: route["target"] for route in routes} == addresses


def test_nobody_gets_into_anothers_server(hub: HubSandbox) -> None:
    assert httpx.get(f"{hub.url}/user/ana/", timeout=10).status_code == 403
    headers = {"Authorization": f"token {hub.api_token}"}
    assert httpx.get(f"{hub.url}/user/ana/", headers=headers, timeout=10).status_code == 403


def test_the_cluster_looks_as_the_chart_makes_it(
    hub: HubSandbox, core: client.CoreV1Api, apps: client.AppsV1Api
) -> None:
    assert (hub.name, hub.namespace, hub.cluster_name) == ("datahub", "datahub-prod", "sandbox")
    assert core.api_client.configuration.host == hub.server
    deployments = apps.list_namespaced_deployment(hub.namespace).items
    assert {d.metadata.name for d in deployments} == {"hub", "proxy"}
    assert {d.spec.strategy.type for d in deployments} == {"Recreate"}
    selector = "app=jupyterhub,component=proxy,release=datahub"
    (proxy,) = core.list_namespaced_pod(hub.namespace, label_selector=selector).items
    assert (proxy.status.phase, proxy.spec.node_name) == ("Running", "core-pool-1")
    selector = "component=singleuser-server"
    pods = core.list_namespaced_pod(hub.namespace, label_selector=selector).items
    names = {p.metadata.annotations["hub.jupyter.org/username"] for p in pods}
    assert names == set(DEFAULT_USERS)
    # KubeSpawner leaves the annotation off the default server's pod.
    assert not any("hub.jupyter.org/servername" in p.metadata.annotations for p in pods)
    assert {p.spec.node_name for p in pods} == {"user-pool-1"}
    claims = core.list_namespaced_persistent_volume_claim(hub.namespace).items
    assert {c.metadata.name for c in claims} == {
        "hub-db-dir",
        *(f"claim-{user}" for user in DEFAULT_USERS),
    }
    (placeholders,) = apps.list_namespaced_stateful_set(hub.namespace).items
    assert (placeholders.metadata.name, placeholders.spec.replicas) == ("user-placeholder", 0)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/users?state=ready", 200),
        ("GET", "/proxy", 200),
        ("POST", "/proxy", 200),
        ("GET", "/info", 200),
        ("POST", "/users/mallory", 403),
        ("DELETE", "/users/ana", 403),
        ("POST", "/shutdown", 403),
        ("GET", "/users/ana/tokens", 403),
    ],
)
def test_the_bots_token_can_do_the_least_that_it_needs(
    hub: HubSandbox, bot: httpx.Client, method: str, path: str, status: int
) -> None:
    assert bot.request(method, path).status_code == status


def test_the_bot_may_not_do_more_in_the_cluster(hub: HubSandbox, core: client.CoreV1Api) -> None:
    for refused in (
        lambda: core.list_namespaced_secret(hub.namespace),
        lambda: core.delete_node("core-pool-1"),
        lambda: core.create_namespaced_config_map(hub.namespace, {"metadata": {"name": "a"}}),
    ):
        with pytest.raises(ApiException) as exc:
            refused()
        assert exc.value.status == 403


def test_the_bots_token_reads_metrics_and_starts_servers(
    hub: HubSandbox, bot: httpx.Client
) -> None:
    metrics = httpx.get(f"{hub.hub_url}/hub/metrics", headers=bot.headers, timeout=10)
    assert "\njupyterhub_running_servers " in metrics.text
    assert bot.delete("/users/lena/server").status_code in (202, 204)
    wait_for(lambda: hub.row("lena").hub == "absent", "the stop")
    assert bot.post("/users/lena/server").status_code in (201, 202)
    wait_for(lambda: hub.row("lena").hub == "ready", "the start")
