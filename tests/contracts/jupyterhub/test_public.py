"""A real hub under a path prefix, behind typical reverse proxies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot.adapters.jupyterhub import JupyterHub
from bot.domain.hubs import Health
from bot.errors import UserError
from tests.contracts.jupyterhub.conftest import SEPARATE
from tests.contracts.jupyterhub.plain import PlainHub
from tests.support.certificates import issued
from tests.support.ingress import ingress
from tests.support.stub import Answer, stub

WELL = Health(hub=True, proxy=True)


def contract(statement: str) -> pytest.MarkDecorator:
    """Mark a test as a JupyterHub contract."""
    return pytest.mark.contract("JupyterHub", statement, system=SEPARATE)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlainHub]:
    """One hub at /jupyter/ for the module."""
    made = PlainHub(
        directory=tmp_path_factory.mktemp("hub"),
        users=("ana",),
        own_proxy=False,
        base_url="/jupyter/",
    )
    try:
        made.start()
        yield made
    finally:
        made.stop()


@pytest.fixture
def plain(running: PlainHub, record_property: Callable[[str, object], None]) -> PlainHub:
    """The hub, healthy before each test."""
    record_property("against", running.against)
    running.heal()
    return running


@contextmanager
def at(plain: PlainHub, url: str, *, ca_bundle: str = "") -> Iterator[JupyterHub]:
    """Our adapter for the hub at a public address; 127.0.0.1 has no certificate."""
    hub = JupyterHub(
        name="datahub",
        url=url,
        api_url=plain.api_url,
        token=plain.api_token,
        timeout=12.0,
        ca_bundle=ca_bundle,
    )
    yield hub
    hub.close()


@contract("under a path of its own the hub says its version there, and CHP's page is at the root")
def test_base_url(plain: PlainHub) -> None:
    with at(plain, plain.url) as hub:
        assert hub.health() == WELL
        assert [route.path for route in hub.routes()] == ["/jupyter/user/ana/"]
        assert [server.user for server in hub.servers().items] == ["ana"]
        plain.hub_down()
        assert hub.health() == Health(hub=False, proxy=True)
        plain.proxy_down()
        assert hub.health() == Health(hub=False, proxy=False)


@contract("behind a shared ingress that knows only the hub's path, a healthy hub is well")
def test_shared_ingress(plain: PlainHub) -> None:
    with stub(ingress({"/jupyter/": plain.origin})) as front:
        with at(plain, f"{front.url}/jupyter") as hub:
            assert hub.health() == WELL
            plain.hub_down()
            assert hub.health() == Health(hub=False, proxy=None)
            plain.proxy_down()
            assert hub.health() == Health(hub=False, proxy=None)
        with at(plain, front.url) as hub:
            assert hub.health() == Health(hub=False, proxy=None)


@contract("a proxy without CHP's page proves itself by the hub behind it")
def test_another_proxy(plain: PlainHub) -> None:
    with (
        stub(ingress({"/jupyter/": plain.hub_url})) as front,
        at(plain, f"{front.url}/jupyter") as hub,
    ):
        assert hub.health() == WELL


@contract("a login page in front of a dead hub is no hub")
def test_login_page(plain: PlainHub) -> None:
    def login(path: str) -> Answer:
        if path == "/login":
            return Answer(body="<html>Sign in</html>")
        return Answer(status=302, headers={"Location": "/login"})

    plain.hub_down()
    with stub(lambda asked: login(asked.path)) as front, at(plain, front.url) as hub:
        assert hub.health() == Health(hub=False, proxy=None)


@contract("behind TLS of the site's own authority, the bundle decides whether a hub is seen")
def test_own_authority(plain: PlainHub, tmp_path: Path) -> None:
    served = issued(tmp_path)
    with stub(ingress({"/jupyter/": plain.origin}), tls=served.context) as front:
        url = f"{front.url}/jupyter"
        with at(plain, url, ca_bundle=str(served.authority)) as hub:
            assert hub.health() == WELL
        with (
            at(plain, url) as hub,
            pytest.raises(UserError, match=r"unknown authority: .* set hubs\[\]\.ca_bundle"),
        ):
            hub.health()
