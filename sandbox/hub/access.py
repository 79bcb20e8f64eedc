"""What the bot may do on the sandbox's hub and cluster: the least that its runbooks need.

Whatever the product tries beyond this fails here as it would at a careful site.
"""

from __future__ import annotations

from sandbox.cluster.auth import Attributes

# JupyterHub scopes; "start:servers" is JupyterHub 6's, before that it was "servers".
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

# What the sandbox itself needs, to make users and to act as them.
SANDBOX_SCOPES = ("admin:users", "admin:servers", "tokens", "proxy")

_WRITES = {
    ("patch", "deployments"),
    ("patch", "deployments/scale"),
    ("patch", "statefulsets/scale"),
    ("patch", "nodes"),
    ("delete", "pods"),
    ("create", "pods/eviction"),
}


def bot_may(wanted: Attributes) -> bool:
    """The bot's rule in the cluster: read all but secrets, and write what its runbooks write."""
    if wanted.verb in ("get", "list", "watch"):
        return wanted.resource != "secrets"
    return (wanted.verb, wanted.resource) in _WRITES
