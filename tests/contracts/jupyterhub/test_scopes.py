"""What a hub omits for tokens with few or filtered scopes, and how our adapter reports it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx
import pytest

from bot.adapters.jupyterhub import JupyterHub
from bot.adapters.jupyterhub_http import PAGINATED
from bot.errors import UserError
from tests.contracts.jupyterhub.conftest import SEPARATE, USERS
from tests.contracts.jupyterhub.plain import PlainHub

SCOPES = {
    "no-servers": ("list:users", "read:users:activity", "proxy"),
    "servers-of-a-group": ("list:users", "read:servers!group=a", "delete:servers!group=a"),
    "one-server": ("list:users", "read:servers!server=ana/"),
    "users-of-a-group": ("list:users!group=a", "read:servers", "delete:servers"),
    "servers-without-users": ("read:servers!group=a",),
}

Connect = Callable[[str], JupyterHub]


def contract(statement: str) -> pytest.MarkDecorator:
    """Mark a test as a JupyterHub contract."""
    return pytest.mark.contract("JupyterHub", statement, system=SEPARATE)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlainHub]:
    """A hub with one token per set of scopes; only ana is in group a."""
    made = PlainHub(
        directory=tmp_path_factory.mktemp("hub"),
        users=USERS,
        own_proxy=False,
        groups={"a": ["ana"]},
        narrow=SCOPES,
    )
    try:
        made.start()
        yield made
    finally:
        made.stop()


@pytest.fixture
def connect(plain: PlainHub, record_property: Callable[[str, object], None]) -> Iterator[Connect]:
    """Our adapter with the token for a set of scopes."""
    record_property("against", plain.against)
    made: list[JupyterHub] = []

    def connected(name: str) -> JupyterHub:
        made.append(
            JupyterHub(
                name="datahub", url=plain.url, api_url=plain.api_url, token=plain.tokens[name]
            )
        )
        return made[-1]

    yield connected
    for hub in made:
        hub.close()


@contract("without read:servers users have no servers at all: the view is incomplete")
def test_no_servers(plain: PlainHub, connect: Connect) -> None:
    headers = {"Authorization": f"token {plain.tokens['no-servers']}", "Accept": PAGINATED}
    page = httpx.get(f"{plain.api_url}/users?state=active", headers=headers, timeout=30).json()
    assert [(user["name"], "servers" in user) for user in page["items"]] == [
        (user, False) for user in USERS
    ]
    hub = connect("no-servers")
    view = hub.servers()
    assert (view.items, view.complete) == ((), False)
    assert "does not show the servers of user ana and 2 more" in view.unknown
    assert "read:servers" not in hub.access().scopes
    with pytest.raises(UserError, match="does not show the servers of user ben"):
        hub.server("ben", "")
    assert hub.server("nobody", "") is None
    assert hub.knows("ben")


@contract("read:servers of a group shows the others without servers: the view is incomplete")
def test_servers_of_a_group(connect: Connect) -> None:
    hub = connect("servers-of-a-group")
    view = hub.servers()
    assert [server.user for server in view.items] == ["ana"]
    assert "does not show the servers of user ben and 1 more" in view.unknown
    assert hub.access().scopes >= {"list:users", "read:servers!group=a"}
    assert "read:servers" not in hub.access().scopes
    with pytest.raises(UserError, match="does not show the servers of user ben"):
        hub.server("ben", "")


@contract("delete:servers of a group answers 404 for the others, as if they did not exist")
def test_stopping_for_a_group(connect: Connect) -> None:
    hub = connect("servers-of-a-group")
    for user in ("ben", "nobody"):
        with pytest.raises(UserError, match="has no such user, or a filtered scope hides them"):
            hub.stop_server(user, "")


@contract("list:users of a group leaves users out whole: only the named scope shows it")
def test_users_of_a_group(connect: Connect) -> None:
    hub = connect("users-of-a-group")
    assert [server.user for server in hub.servers().items] == ["ana"]
    assert "list:users!group=a" in hub.access().scopes
    assert "list:users" not in hub.access().scopes


@contract("read:servers of one server hides a user's others: only the named scope shows it")
def test_one_server(connect: Connect) -> None:
    hub = connect("one-server")
    assert not hub.servers().complete
    assert "read:servers!server=ana/" in hub.access().scopes
    assert "read:servers" not in hub.access().scopes


@contract("a token without list:users may not list; whom its filter hides is not absent")
def test_servers_without_users(connect: Connect) -> None:
    hub = connect("servers-without-users")
    with pytest.raises(UserError, match=r"lacks a scope \(list:users\)"):
        hub.servers()
    assert hub.knows("ana")
    for user in ("ben", "nobody"):
        with pytest.raises(UserError, match="without a filter"):
            hub.knows(user)
        with pytest.raises(UserError, match="without a filter"):
            hub.server(user, "")
