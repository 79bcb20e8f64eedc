"""One real hub for the whole session, healed after every test."""

from __future__ import annotations

import os
from collections.abc import Iterator

import httpx
import pytest
from kubernetes import client, config

from sandbox.cluster.resources import PODS
from sandbox.hub import HubSandbox


def _gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.fixture(scope="session")
def running_hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubSandbox]:
    with HubSandbox(directory=tmp_path_factory.mktemp("hub")) as sandbox:
        sandbox.start_servers()
        yield sandbox
        pods = sandbox.cluster.storage.objects(PODS)
        statuses = [s for pod in pods for s in pod["status"].get("containerStatuses") or []]
        pids = [int(s["containerID"].rpartition("/")[2]) for s in statuses if s["containerID"]]
    assert len(pids) >= len(sandbox.users) + 2
    assert all(_gone(pid) for pid in pids), "a pod's process outlived the sandbox"


@pytest.fixture
def hub(running_hub: HubSandbox) -> Iterator[HubSandbox]:
    yield running_hub
    for way in (running_hub.public, running_hub.spawning):
        way.faults.clear()
    running_hub.heal()


@pytest.fixture
def bot(running_hub: HubSandbox) -> Iterator[httpx.Client]:
    """The hub's REST API as the bot calls it: directly, with minimal scopes."""
    headers = {"Authorization": f"token {running_hub.api_token}"}
    with httpx.Client(base_url=running_hub.api_url, headers=headers, timeout=40) as made:
        yield made


@pytest.fixture
def api(running_hub: HubSandbox) -> Iterator[client.ApiClient]:
    made = config.new_client_from_config(
        config_file=str(running_hub.kubeconfig), context=running_hub.context
    )
    yield made
    made.rest_client.pool_manager.clear()
    made.close()


@pytest.fixture
def core(api: client.ApiClient) -> client.CoreV1Api:
    return client.CoreV1Api(api)


@pytest.fixture
def apps(api: client.ApiClient) -> client.AppsV1Api:
    return client.AppsV1Api(api)
