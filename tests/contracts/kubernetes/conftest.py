"""Clusters: always the double; a real control plane if its binaries exist."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client

from bot.adapters.kubernetes import KubernetesCluster
from sandbox.cluster import ClusterDouble
from tests.contracts.kubernetes.control_plane import control_plane, why_not
from tests.contracts.kubernetes.node import Kubelet, PlayedNode
from tests.contracts.kubernetes.systems import (
    DOUBLE,
    NODE,
    REAL,
    SYSTEMS,
    Apps,
    Core,
    Double,
    Real,
    System,
    kubeconfig,
)


@pytest.fixture(scope="session")
def clusters(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], System]]:
    """Start a cluster on first use and keep it: a control plane starts slowly."""
    started: dict[str, System] = {}
    with ExitStack() as stack:

        def get(name: str) -> System:
            if name not in started:
                directory = tmp_path_factory.mktemp("cluster")
                started[name] = (_double if name == DOUBLE else _real)(stack, directory)
            return started[name]

        yield get


@pytest.fixture(scope="module", params=SYSTEMS)
def system(request: pytest.FixtureRequest, clusters: Callable[[str], System]) -> System:
    """One cluster of each kind for all tests."""
    if request.param == REAL and (reason := why_not()):
        pytest.skip(reason)
    return clusters(request.param)


def _double(stack: ExitStack, directory: Path) -> System:
    made = Double(cluster=stack.enter_context(ClusterDouble(directory=directory, bare=True)))
    with _client(made.server, made.admin, made.certificate) as api:
        _add_node(client.CoreV1Api(api), 0)
    return made


def _real(stack: ExitStack, directory: Path) -> System:
    plane = stack.enter_context(control_plane(directory))
    node = stack.enter_context(PlayedNode(plane.certificate, plane.key).answering())
    api = stack.enter_context(_client(plane.server, plane.tokens["admin"], plane.certificate))
    _add_node(client.CoreV1Api(api), node.port)
    return Real(plane=plane, node=node, api=api)


def _client(server: str, token: str, certificate: Path | None) -> client.ApiClient:
    settings = client.Configuration(host=server)
    settings.api_key["authorization"] = f"Bearer {token}"
    settings.ssl_ca_cert = str(certificate) if certificate else None
    settings.retries = False
    return client.ApiClient(settings)


def _add_node(core: Any, port: int) -> None:
    labels = {"hub.jupyter.org/node-purpose": "user"}
    core.create_node({"metadata": {"name": NODE, "labels": labels}})
    status = {
        "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}],
        "daemonEndpoints": {"kubeletEndpoint": {"Port": port}},
        "conditions": [{"type": "Ready", "status": "True"}],
    }
    core.patch_node_status(NODE, {"status": status})


@pytest.fixture(autouse=True)
def _against(system: System, record_property: Callable[[str, object], None]) -> None:
    record_property("against", system.against)


@pytest.fixture
def connect(system: System) -> Iterator[Callable[[str], client.ApiClient]]:
    """The official client, for a token."""
    with ExitStack() as stack:

        def made(token: str) -> client.ApiClient:
            api: client.ApiClient = stack.enter_context(
                _client(system.server, token, system.certificate)
            )
            stack.callback(api.rest_client.pool_manager.clear)
            return api

        yield made


@pytest.fixture
def api(system: System, connect: Callable[[str], client.ApiClient]) -> client.ApiClient:
    """The official client, as admin."""
    return connect(system.admin)


@pytest.fixture
def core(api: client.ApiClient) -> Core:
    return client.CoreV1Api(api)


@pytest.fixture
def apps(api: client.ApiClient) -> Apps:
    return client.AppsV1Api(api)


@pytest.fixture
def ns(core: Core) -> str:
    """A namespace for each test."""
    name: str = core.create_namespace({"metadata": {"generateName": "contract-"}}).metadata.name
    return name


@pytest.fixture
def kubelet(core: Core) -> Kubelet:
    """The simulated kubelet."""
    return Kubelet(core)


@pytest.fixture
def mayday(system: System, tmp_path: Path) -> Callable[..., KubernetesCluster]:
    """Our adapter, as admin, with the given token, or as another user of the kubeconfig.

    All adapters share one kubeconfig, so the last user applies to all.
    """

    def made(
        token: str = "", *, user: dict[str, Any] | None = None, trusting: bool = True
    ) -> KubernetesCluster:
        path = tmp_path / "kubeconfig"
        user = {"token": token or system.admin} if user is None else user
        return KubernetesCluster(
            name="teaching",
            kubeconfig=kubeconfig(system, path, user, trusting=trusting),
            context="teaching",
            server=system.server,
        )

    return made
