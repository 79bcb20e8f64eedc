"""The bot's permissions on the sandbox's hub and cluster: the least its runbooks need.

Any other request of the product fails, as on a site with least privilege.
"""

from __future__ import annotations

from sandbox.cluster.auth import Attributes

# JupyterHub scopes; "start:servers" is JupyterHub 6's, before that "servers".
BOT_SCOPES = (
    "list:users",
    "read:users:activity",
    "read:servers",
    "delete:servers",
    "start:servers",
    "proxy",
    "read:metrics",
    "read:hub",
)

# The sandbox's own scopes, to create users and act as them.
SANDBOX_SCOPES = ("admin:users", "admin:servers", "tokens", "proxy")

_WRITES = {
    ("patch", "deployments"),
    ("patch", "deployments/scale"),
    ("patch", "statefulsets"),
    ("patch", "statefulsets/scale"),
    ("patch", "nodes"),
    ("patch", "pods"),
    ("patch", "persistentvolumeclaims"),
    ("create", "poddisruptionbudgets"),
    ("delete", "poddisruptionbudgets"),
    ("delete", "pods"),
    ("create", "pods/eviction"),
}


def bot_may(wanted: Attributes) -> bool:
    """The bot's rule in the cluster: read all but secrets, write what its runbooks write."""
    if wanted.verb in ("get", "list", "watch"):
        return wanted.resource != "secrets"
    return (wanted.verb, wanted.resource) in _WRITES
