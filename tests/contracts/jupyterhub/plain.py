"""A real JupyterHub and proxy as plain processes, with injectable faults."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType

from sandbox.cluster.ports import Ports
from sandbox.cluster.processes import Process, Processes
from sandbox.cluster.waiting import wait_for
from sandbox.hub import singleuser
from sandbox.hub.access import BOT_SCOPES, SANDBOX_SCOPES
from sandbox.hub.images import proxy_script
from sandbox.hub.rest import HubRest
from sandbox.nodejs import node

_AT_ONCE = 16
"""Number of servers started concurrently."""


class PlainHub:
    """JupyterHub with its own proxy (``own_proxy``) or an external one.

    ``crowded`` serves all users from one process, for tests with many servers.
    ``apart`` gives each user's server a separate loopback address, like a pod's.
    ``base_url`` is the URL path prefix. ``groups`` maps groups to users. ``narrow`` lists
    additional services and their scopes; ``tokens`` holds their tokens. ``pages`` are services
    with pages of their own at ``/services/NAME/``, each with a function from its port to its
    command. ``admins`` are users with all rights.
    """

    def __init__(
        self,
        *,
        directory: Path,
        users: Sequence[str],
        own_proxy: bool,
        crowded: bool = False,
        apart: bool = False,
        base_url: str = "/",
        groups: Mapping[str, Sequence[str]] = MappingProxyType({}),
        narrow: Mapping[str, Sequence[str]] = MappingProxyType({}),
        pages: Mapping[str, Callable[[int], list[str]]] = MappingProxyType({}),
        admins: Sequence[str] = (),
    ) -> None:
        self.own_proxy = own_proxy
        self.users = tuple(users)
        self.tokens = {name: secrets.token_hex(20) for name in (*narrow, *pages)}
        self._base_url = base_url
        self._apart = apart
        self._groups = {name: list(members) for name, members in groups.items()}
        self._narrow = {name: list(scopes) for name, scopes in narrow.items()}
        self._admins = list(admins)
        self._directory = directory
        self._faults = directory / "faults"
        for made in (self._faults, directory / "pids"):
            made.mkdir()
        self._ports = Ports()
        public, hub, api = (self._ports.take() for _ in range(3))
        self._public, self.hub_url = public, f"http://127.0.0.1:{hub}"
        self._api = api
        self._everybodys = self._ports.take() if crowded else 0
        self._pages = {name: (self._ports.take(), pages[name]) for name in pages}
        self.origin = f"http://127.0.0.1:{public}"
        self.url = self.origin + base_url.rstrip("/")
        self._hub_root = f"{self.hub_url}{base_url}hub"
        self.api_url = f"{self._hub_root}/api"
        self.api_token, self._proxy_token, admin = (secrets.token_hex(20) for _ in range(3))
        # pip's node is a wrapper that starts the real node as a child. A hub that kills its
        # proxy by pid would leave the child.
        said = subprocess.run(
            [node(), "--print", "process.execPath"], capture_output=True, text=True, check=True
        )
        self._node = said.stdout.strip()
        self._settings = directory / "settings.json"
        self._write_settings(admin)
        self.rest = HubRest(
            api_url=self.api_url,
            token=admin,
            proxy_api_url=f"http://127.0.0.1:{api}",
            proxy_token=self._proxy_token,
        )
        self._processes = Processes()
        self._hub: Process | None = None
        self._proxy: Process | None = None

    @property
    def against(self) -> str:
        """Versions."""
        whose = "its own" if self.own_proxy else "a separate"
        return f"JupyterHub {version('jupyterhub')} with {whose} configurable-http-proxy"

    def _write_settings(self, admin: str) -> None:
        settings = {
            "directory": str(self._directory),
            "public_url": self.origin,
            "hub_url": self.hub_url,
            "own_proxy": self.own_proxy,
            "proxy_command": [self._node, str(proxy_script())],
            "proxy_api_url": f"http://127.0.0.1:{self._api}",
            "proxy_token": self._proxy_token,
            "singleuser": str(Path(singleuser.__file__)),
            "everybodys_port": self._everybodys,
            "apart": self._apart,
            "base_url": self._base_url,
            "groups": self._groups,
            "admins": self._admins,
            "services": {
                **{
                    name: {
                        "token": self.tokens[name],
                        "scopes": [],
                        "url": f"http://127.0.0.1:{port}",
                    }
                    for name, (port, _) in self._pages.items()
                },
                **{
                    name: {"token": self.tokens[name], "scopes": scopes}
                    for name, scopes in self._narrow.items()
                },
                "mayday": {"token": self.api_token, "scopes": BOT_SCOPES},
                "admin": {"token": admin, "scopes": SANDBOX_SCOPES},
            },
        }
        self._settings.write_text(json.dumps(settings), encoding="utf-8")

    # -- life --------------------------------------------------------------------------------

    def start(self) -> None:
        """Start proxy and hub, make the users and start their servers. Raises TimeoutError."""
        if self._everybodys:
            server = [sys.executable, "-I", "-S", singleuser.__file__]
            self._run("everybodys", server, {"PORT": str(self._everybodys)})
        for name in self._pages:
            self._run_page(name)
        self.proxy_up()
        self.hub_up()
        wait_for(self._proxy_well, "the proxy")
        self.rest.add_users(list(self.users))
        self.start_servers()

    def _run_page(self, name: str) -> None:
        """Start a service, with the environment in which the hub would start it."""
        port, command = self._pages[name]
        prefix = f"{self._base_url}services/{name}/"
        of_hub = {
            "API_TOKEN": self.tokens[name],
            "API_URL": self.api_url,
            "BASE_URL": self._base_url,
            "CLIENT_ID": f"service-{name}",
            "OAUTH_ACCESS_SCOPES": json.dumps([f"access:services!service={name}"]),
            "OAUTH_CALLBACK_URL": f"{prefix}oauth_callback",
            "SERVICE_NAME": name,
            "SERVICE_PREFIX": prefix,
        }
        env = {f"JUPYTERHUB_{key}": value for key, value in of_hub.items()}
        self._run(f"service-{name}", command(port), env)

    def stop(self) -> None:
        """End every process."""
        self._processes.stop()
        pids = [int(path.name) for path in (self._directory / "pids").iterdir()]
        for pid in filter(None, [*pids, self._own_pid()]):
            _kill(pid)
        self.rest.close()
        self._ports.close()

    def start_servers(self) -> None:
        """Start and route every server."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            list(pool.map(self.rest.start_server, self.users))
        self.rest.resync()

        def all_there() -> bool:
            servers = self.rest.servers()
            ready = {user for user, name in servers if servers[user, name]["ready"]}
            return ready >= set(self.users) and len(self.rest.routes()) == len(self.users)

        wait_for(all_there, "the users' servers")

    def heal(self) -> None:
        """Revert every fault."""
        for fault in self._faults.iterdir():
            fault.unlink()
        self.proxy_up()
        self.hub_up()
        wait_for(self._proxy_well, "the proxy")

        def settled() -> bool:
            return not any(server["pending"] for server in self.rest.servers().values())

        wait_for(settled, "every start and stop to end")
        self.start_servers()

    # -- faults ------------------------------------------------------------------------------

    def drop_routes(self) -> None:
        """Delete every user's route from the proxy."""
        for route in self.rest.routes().values():
            self.rest.drop_route(route)

    def hang_spawn(self, user: str) -> None:
        """Make starts of the user's server hang."""
        self._stop(user)
        (self._faults / f"hang-spawn-{user}").touch()
        self.rest.begin("POST", user)
        self._wait_for(user, "pending spawn")

    def fail_spawn(self, user: str) -> None:
        """Make starts of the user's server fail."""
        self._stop(user)
        (self._faults / f"fail-spawn-{user}").touch()

    def hang_stop(self, user: str) -> None:
        """Make stops of the user's server hang."""
        (self._faults / f"hang-stop-{user}").touch()
        self.rest.begin("DELETE", user)
        self._wait_for(user, "pending stop")

    def _stop(self, user: str) -> None:
        self.rest.stop_server(user)
        self._wait_for(user, "absent")

    def _wait_for(self, user: str, state: str) -> None:
        wait_for(lambda: self._state(user) == state, f"{user}'s server to be {state}")

    def _state(self, user: str) -> str:
        server = self.rest.servers().get((user, ""))
        if server and server["pending"]:
            return f"pending {server['pending']}"
        return "ready" if server and server["ready"] else "absent"

    def proxy_down(self) -> None:
        """Kill the proxy; if the hub owns it, wait until the hub restarts it."""
        if self.own_proxy:
            pid = self._own_pid()
            _kill(pid)
            wait_for(lambda: self._own_pid() not in (0, pid), "another proxy")
        elif self._proxy is not None:
            self._proxy.signal(signal.SIGKILL)
            self._proxy.ended.wait(10)

    def proxy_up(self) -> None:
        """Start the external proxy if it is down."""
        if self.own_proxy or (self._proxy and not self._proxy.ended.is_set()):
            return
        self._proxy = self._run(
            "proxy",
            [
                self._node,
                str(proxy_script()),
                "--ip=127.0.0.1",
                f"--port={self._public}",
                "--api-ip=127.0.0.1",
                f"--api-port={self._api}",
                f"--default-target={self.hub_url}",
                f"--error-target={self._hub_root}/error",
            ],
            {"CONFIGPROXY_AUTH_TOKEN": self._proxy_token},
        )
        wait_for(self._proxy_well, "the proxy")

    def hub_down(self) -> None:
        """Kill the hub."""
        if self._hub is not None:
            self._hub.signal(signal.SIGKILL)
            self._hub.ended.wait(10)

    def hub_up(self) -> None:
        """Start the hub if it is down."""
        if self._hub and not self._hub.ended.is_set():
            return
        config = str(Path(__file__).with_name("plain_config.py"))
        self._hub = self._run(
            "hub",
            [sys.executable, "-m", "jupyterhub", "-f", config],
            {"PLAIN_HUB_SETTINGS": str(self._settings)},
        )
        health = f"{self._hub_root}/health"
        wait_for(lambda: self.rest.is_well(health), "the hub", seconds=60)

    def _own_pid(self) -> int:
        """The pid of the hub's proxy, or 0 if there is none."""
        try:
            return int((self._directory / "proxy.pid").read_text().splitlines()[0])
        except (FileNotFoundError, IndexError):
            return 0

    def _proxy_well(self) -> bool:
        return self.rest.is_well(f"{self.origin}/_chp_healthz")

    def _run(self, name: str, argv: list[str], env: dict[str, str]) -> Process:
        inherited = {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ}
        return self._processes.start(
            argv,
            inherited | env,
            directory=self._directory,
            log=self._directory / f"{name}.log",
            on_exit=lambda: None,
        )


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
