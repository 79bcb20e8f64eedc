"""A real JupyterHub with KubeSpawner and an external proxy, on a cluster of local processes."""

from sandbox.hub.running import DEFAULT_USERS, Row
from sandbox.hub.sandbox import HubSandbox

__all__ = ["DEFAULT_USERS", "HubSandbox", "Row"]
