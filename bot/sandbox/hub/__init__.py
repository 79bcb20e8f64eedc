"""A real JupyterHub with KubeSpawner and an external proxy, on a cluster of local processes."""

from bot.sandbox.hub.running import DEFAULT_USERS, Row
from bot.sandbox.hub.sandbox import HubSandbox

__all__ = ["DEFAULT_USERS", "HubSandbox", "Row"]
