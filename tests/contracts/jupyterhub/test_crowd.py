"""More servers than fit on one page of the hub's API (200)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from bot.adapters.jupyterhub import JupyterHub
from bot.adapters.jupyterhub_http import PAGINATED
from bot.adapters.jupyterhub_lists import PAGE
from tests.contracts.jupyterhub.conftest import OWN
from tests.contracts.jupyterhub.plain import PlainHub

USERS = tuple(f"user-{number:03}" for number in range(PAGE + 3))


@pytest.fixture
def crowd(tmp_path: Path, record_property: Callable[[str, object], None]) -> Iterator[PlainHub]:
    """A hub with every user's server running."""
    plain = PlainHub(directory=tmp_path, users=USERS, own_proxy=True, crowded=True)
    record_property("against", plain.against)
    try:
        plain.start()
        yield plain
    finally:
        plain.stop()


@pytest.mark.contract(
    "JupyterHub", "over 200 servers and routes come in pages, and all are read", system=OWN
)
def test_crowd(crowd: PlainHub) -> None:
    headers = {"Authorization": f"token {crowd.api_token}", "Accept": PAGINATED}
    for path in ("users?state=active", "proxy?"):
        page = httpx.get(f"{crowd.api_url}/{path}&limit=1000", headers=headers, timeout=30).json()
        assert len(page["items"]) <= PAGE
        assert page["_pagination"]["next"]["offset"] == PAGE
    hub = JupyterHub(
        name="datahub", url=crowd.url, api_url=crowd.api_url, token=crowd.api_token, timeout=30
    )
    assert hub.servers().complete
    servers = hub.servers().items
    assert sorted(server.user for server in servers) == sorted(USERS)
    assert all(server.ready for server in servers)
    assert sorted(route.user for route in hub.routes()) == sorted(USERS)
    hub.close()
