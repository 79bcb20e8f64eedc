"""The images that the sandbox's cluster can run: the proxy, the hub and a user's server."""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path

from sandbox.cluster import Command, Image
from sandbox.cluster.storage import Obj
from sandbox.hub import singleuser
from sandbox.nodejs import PARTS, node
from sandbox.outages import OutageError

FORK = "proxy-fork"
"""The name of another version of the proxy, which behaves the same until somebody kills it."""

# A grammar that takes a second to build, which only a check of addresses in events uses.
_HUB = "import sys; sys.modules['rfc3987_syntax'] = None; from jupyterhub.app import main; main()"
_PROXY = Path("node_modules", "configurable-http-proxy", "bin", "configurable-http-proxy")


def proxy_script() -> Path:
    """The path of configurable-http-proxy. Raises OutageError if it is not installed."""
    script = PARTS / _PROXY
    if not script.exists():
        raise OutageError(
            "configurable-http-proxy is not installed: run `make install` and start again."
        )
    return script


def proxy_image(*, api_port: int, hub_url: str, token: str) -> Image:
    """configurable-http-proxy, as the Helm chart starts it."""
    argv_tail = [
        "--ip=127.0.0.1",
        "--api-ip=127.0.0.1",
        f"--api-port={api_port}",
        f"--default-target={hub_url}",
        f"--error-target={hub_url}/hub/error",
        "--log-level=info",
    ]
    script, binary = str(proxy_script()), node()

    def command(_pod: Obj, port: int) -> Command:
        argv = [binary, script, f"--port={port}", *argv_tail]
        return Command(argv=argv, env={"CONFIGPROXY_AUTH_TOKEN": token})

    return Image(command=command)


def hub_image(*, settings: Path, kubeconfig: Path) -> Image:
    """JupyterHub with the sandbox's configuration."""
    config = str(Path(__file__).parent / "jupyterhub_config.py")

    def command(_pod: Obj, _port: int) -> Command:
        return Command(
            argv=[sys.executable, "-c", _HUB, "-f", config],
            env={"SANDBOX_HUB_SETTINGS": str(settings), "KUBECONFIG": str(kubeconfig)},
        )

    return Image(command=command)


def singleuser_image() -> Image:
    """A user's server; it reports the hub's version, as the hub expects."""
    argv = [sys.executable, "-I", "-S", str(Path(singleuser.__file__))]
    env = {"JUPYTERHUB_VERSION": version("jupyterhub")}
    return Image(command=lambda _pod, _port: Command(argv=argv, env=env))
