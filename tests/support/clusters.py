"""The hub and the cluster of tests that need neither."""

from __future__ import annotations

from pathlib import Path

HUB = {
    "name": "datahub",
    "url": "http://127.0.0.1:9",
    "api_url": "http://127.0.0.1:9/hub/api",
    "api_token": "hub-token-of-the-tests",
    "cluster": "practice",
    "namespace": "datahub-prod",
}
"""An unreachable hub that needs no DNS lookup. It gives an incident a bookmark."""


def unreachable(directory: Path) -> dict[str, str]:
    """The hub's cluster, whose kubeconfig does not exist."""
    bound = {"context": "practice", "server": "https://127.0.0.1:9"}
    return {"name": "practice", "kubeconfig": str(directory / "none"), **bound}
