"""A stub of a Kubernetes API server, its kubeconfig, and our adapter."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bot.adapters.kubernetes import KubernetesCluster
from tests.support.stub import Answer, Asked, Stub, stub

TOKEN = "0123456789abcdef"


def kubeconfig(
    directory: Path, server: str, user: Mapping[str, Any] | None = None, **of_cluster: Any
) -> str:
    """Write a kubeconfig with one context, ``teaching``; ``of_cluster`` are more keys of its cluster."""
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": {"server": server, **of_cluster}}],
        "users": [{"name": "u", "user": {"token": TOKEN} if user is None else user}],
        "contexts": [{"name": "teaching", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "teaching",
    }
    file = directory / "kubeconfig"
    file.write_text(json.dumps(config), encoding="utf-8")
    return str(file)


@contextmanager
def cluster(
    directory: Path,
    answer: Callable[[Asked], Answer],
    user: Mapping[str, Any] | None = None,
    *,
    plugin_limit: float = 30.0,
) -> Iterator[tuple[KubernetesCluster, Stub]]:
    """Our adapter for a stub with this answer, as this kubeconfig user."""
    with stub(answer) as running:
        made = KubernetesCluster(
            name="teaching",
            kubeconfig=kubeconfig(directory, running.url, user),
            context="teaching",
            server=running.url,
            timeout=3.0,
            plugin_limit=plugin_limit,
        )
        yield made, running


def pod(name: str = "jupyter-ana", **meta: Any) -> dict[str, Any]:
    """A pod on node ``user-1``; other arguments go to its metadata."""
    status = meta.pop("status", {"phase": "Running"})
    metadata = {"name": name, "namespace": "ns", "uid": f"uid-{name}", **meta}
    spec = {"nodeName": "user-1", "containers": [{"name": "notebook", "image": "x"}]}
    return {"metadata": metadata, "spec": spec, "status": status}


def pods(*items: dict[str, Any], following: str = "") -> Answer:
    """A page of pods."""
    return Answer(body={"kind": "PodList", "metadata": {"continue": following}, "items": items})


def failing(status: int, message: str = "no", **headers: str) -> Answer:
    """An error as Kubernetes sends it."""
    body = {"kind": "Status", "status": "Failure", "message": message, "code": status}
    return Answer(status=status, body=body, headers=headers)
