"""The configuration of a JupyterHub without Kubernetes: JupyterHub runs this file.

Its spawner starts local processes. It hangs or fails if a file in ``faults`` requests it.
"""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import jupyterhub
from jupyterhub.spawner import Spawner
from jupyterhub.utils import random_port

c = get_config()  # type: ignore[name-defined]  # noqa: F821 - JupyterHub puts it in

settings: dict[str, Any] = json.loads(Path(os.environ["PLAIN_HUB_SETTINGS"]).read_text())
directory = Path(settings["directory"])


class LocalServers(Spawner):  # type: ignore[misc]
    """One process per server; it survives hub restarts, and a new hub finds it by pid."""

    pid = 0

    def fault(self, kind: str) -> bool:
        return (directory / "faults" / f"{kind}-{self.user.name}").exists()

    async def start(self) -> tuple[str, int]:
        while self.fault("hang-spawn"):
            await asyncio.sleep(0.1)
        if self.fault("fail-spawn"):
            raise RuntimeError("no such image")
        if settings["everybodys_port"]:
            return "127.0.0.1", settings["everybodys_port"]
        port = random_port()
        address = f"127.2.0.{self.user.id}" if settings["apart"] else "127.0.0.1"
        where = {"POD_IP": address, "PORT": str(port)}
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", settings["singleuser"]],
            env=self.get_env() | where | {"JUPYTERHUB_VERSION": jupyterhub.__version__},
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.pid = process.pid
        (directory / "pids" / str(self.pid)).touch()
        return address, port

    async def poll(self) -> int | None:
        if settings["everybodys_port"]:
            return None
        if not self.pid:
            return 0
        with contextlib.suppress(ChildProcessError):
            return None if os.waitpid(self.pid, os.WNOHANG) == (0, 0) else 0
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return 0
        return None

    async def stop(self, now: bool = False) -> None:
        while self.fault("hang-stop"):
            await asyncio.sleep(0.1)
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)
        while await self.poll() is None:
            await asyncio.sleep(0.05)

    def get_state(self) -> dict[str, Any]:
        state: dict[str, Any] = super().get_state()
        return state | ({"pid": self.pid} if self.pid else {})

    def load_state(self, state: dict[str, Any]) -> None:
        super().load_state(state)
        self.pid = int(state.get("pid", 0))

    def clear_state(self) -> None:
        super().clear_state()
        self.pid = 0


c.JupyterHub.spawner_class = LocalServers
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.JupyterHub.allow_named_servers = True
c.JupyterHub.bind_url = settings["public_url"] + settings["base_url"]
c.JupyterHub.hub_bind_url = settings["hub_url"]
c.JupyterHub.hub_connect_url = settings["hub_url"]
c.JupyterHub.db_url = f"sqlite:///{directory}/jupyterhub.sqlite"
c.JupyterHub.cookie_secret_file = f"{directory}/cookie_secret"
c.JupyterHub.cleanup_servers = False
c.JupyterHub.cleanup_proxy = False
# A long interval, so the hub does not restore lost routes.
c.JupyterHub.last_activity_interval = 24 * 3600

c.ConfigurableHTTPProxy.should_start = settings["own_proxy"]
c.ConfigurableHTTPProxy.command = settings["proxy_command"]
c.ConfigurableHTTPProxy.api_url = settings["proxy_api_url"]
c.ConfigurableHTTPProxy.auth_token = settings["proxy_token"]
c.ConfigurableHTTPProxy.pid_file = f"{directory}/proxy.pid"
c.ConfigurableHTTPProxy.check_running_interval = 1

c.JupyterHub.load_groups = {
    name: {"users": members} for name, members in settings["groups"].items()
}
c.Authenticator.admin_users = set(settings["admins"])
c.JupyterHub.services = [
    {"name": name, "api_token": service["token"]}
    | ({"url": service["url"]} if "url" in service else {})
    for name, service in settings["services"].items()
]
c.JupyterHub.load_roles = [
    {"name": f"service-{name}", "services": [name], "scopes": service["scopes"]}
    for name, service in settings["services"].items()
    if service["scopes"]
]
