"""The objects that JupyterHub's Helm chart creates, as far as needed."""

from __future__ import annotations

from sandbox.cluster.storage import Obj

PURPOSE = "hub.jupyter.org/node-purpose"
CORE_NODE = "core-pool-1"
USER_NODE = "user-pool-1"
_PAUSE = {"name": "pause", "image": "pause"}


def labels(release: str, component: str) -> dict[str, str]:
    """The chart's labels for a hub's component."""
    return {"app": "jupyterhub", "release": release, "component": component}


def storage_class() -> Obj:
    """A class whose volumes can grow."""
    kind = {"metadata": {"name": "standard"}, "provisioner": "sandbox/disk"}
    return kind | {"allowVolumeExpansion": True}


def database_claim() -> Obj:
    """The claim of the hub's database. Nothing mounts it here."""
    requests = {"requests": {"storage": "1Gi"}}
    modes = ["ReadWriteOnce"]
    spec = {"storageClassName": "standard", "accessModes": modes, "resources": requests}
    return {"metadata": {"name": "hub-db-dir"}, "spec": spec}


def placeholders(release: str) -> Obj:
    """The StatefulSet of placeholders, with none yet as by the chart's default."""
    marks = labels(release, "user-placeholder")
    template = {"metadata": {"labels": marks}, "spec": {"containers": [_PAUSE]}}
    spec = {"replicas": 0, "selector": {"matchLabels": marks}, "template": template}
    return {"metadata": {"name": "user-placeholder", "labels": marks}, "spec": spec}


def deployment(release: str, component: str, *, image: str, port: int, health: str) -> Obj:
    """The Deployment of the hub or the proxy: one pod on the core pool, strategy Recreate.

    `port` is a host port, so that it stays the same over restarts; `health` is the readiness
    probe's path.
    """
    marks = labels(release, component)
    container = {
        "name": "chp" if component == "proxy" else component,
        "image": image,
        "ports": [{"name": "http", "containerPort": port, "hostPort": port}],
        "readinessProbe": {"httpGet": {"path": health, "port": "http"}, "periodSeconds": 2},
    }
    spec = {
        "nodeSelector": {PURPOSE: "core"},
        "terminationGracePeriodSeconds": 10,
        "containers": [container],
    }
    return {
        "metadata": {"name": component, "labels": marks},
        "spec": {
            "replicas": 1,
            "strategy": {"type": "Recreate"},
            "selector": {"matchLabels": marks},
            "template": {"metadata": {"labels": dict(marks)}, "spec": spec},
        },
    }
