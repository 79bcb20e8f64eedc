"""Real hubs for the contracts: the sandbox's on its cluster double, two without Kubernetes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from importlib.metadata import version
from typing import Protocol

import pytest

from bot.adapters.jupyterhub import JupyterHub
from sandbox.hub import HubSandbox
from sandbox.hub.rest import HubRest
from tests.contracts.jupyterhub.plain import PlainHub

Connect = Callable[..., JupyterHub]

SANDBOX = "sandbox"
OWN = "own CHP"
SEPARATE = "separate CHP"
USERS = ("ana", "ben", "chidi")


class World(Protocol):
    """A hub with injectable faults; ``heal`` reverts all of them."""

    url: str
    api_url: str
    api_token: str
    rest: HubRest

    def heal(self) -> object: ...

    def drop_routes(self) -> object: ...

    def hang_spawn(self, user: str) -> object: ...

    def hang_stop(self, user: str) -> object: ...

    def proxy_down(self) -> object: ...

    def proxy_up(self) -> object: ...

    def hub_down(self) -> object: ...

    def hub_up(self) -> object: ...


@pytest.fixture(scope="module", params=(SANDBOX, OWN, SEPARATE))
def system(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """One hub of each kind for a module."""
    directory = tmp_path_factory.mktemp("hub")
    if request.param == SANDBOX:
        if sys.platform != "linux":
            pytest.skip("KubeSpawner runs on Linux only")
        with HubSandbox(directory=directory, users=USERS) as sandbox:
            sandbox.start_servers()
            yield sandbox
        return
    plain = PlainHub(directory=directory, users=USERS, own_proxy=request.param == OWN)
    try:
        plain.start()
        yield plain
    finally:
        plain.stop()


@pytest.fixture
def world(system: World, record_property: Callable[[str, object], None]) -> World:
    """The hub, healthy before each test."""
    if isinstance(system, PlainHub):
        record_property("against", system.against)
    else:
        record_property(
            "against",
            f"JupyterHub {version('jupyterhub')} with KubeSpawner "
            f"{version('jupyterhub-kubespawner')} on the cluster double, CHP as a Deployment",
        )
    system.heal()
    return system


@pytest.fixture
def connect(world: World) -> Iterator[Connect]:
    """Our adapter for a token. The sandbox's hub answers a hanging start or stop after 10 s."""
    made: list[JupyterHub] = []

    def connected(token: str, timeout: float = 12.0) -> JupyterHub:
        made.append(
            JupyterHub(
                name="datahub",
                url=world.url,
                api_url=world.api_url,
                token=token,
                timeout=timeout,
            )
        )
        return made[-1]

    yield connected
    for hub in made:
        hub.close()


@pytest.fixture
def hub(world: World, connect: Connect) -> JupyterHub:
    """Our adapter with mayday's token."""
    return connect(world.api_token)
