"""A cluster double, its official client, and images that start quickly."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client, config

from sandbox.cluster import ClusterDouble, Command, Image

_SCRIPTS = {
    "sleeper": "import time; print('awake', flush=True); time.sleep(3600)",
    "deaf": (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        "print('deaf', flush=True); time.sleep(3600)"
    ),
    "failing": "print('one'); print('two'); print('three'); raise SystemExit(3)",
    "finishing": "print('done')",
    "web": (
        "import http.server, os; "
        "http.server.HTTPServer((os.environ['POD_IP'], int(os.environ['PORT'])), "
        "http.server.SimpleHTTPRequestHandler).serve_forever()"
    ),
}


def _image(script: str) -> Image:
    command = Command(argv=[sys.executable, "-I", "-S", "-c", script])
    return Image(command=lambda _pod, _port: command)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[ClusterDouble]:
    images = {name: _image(script) for name, script in _SCRIPTS.items()}
    with ClusterDouble(directory=tmp_path, images=images) as double:
        double.add_node("core-1", {"purpose": "core"})
        double.add_namespace("hub-prod")
        yield double


@pytest.fixture
def api(cluster: ClusterDouble, tmp_path: Path) -> Iterator[client.ApiClient]:
    path = tmp_path / "kubeconfig"
    context = cluster.write_kubeconfig(path, user="tester", namespace="hub-prod")
    made = config.new_client_from_config(config_file=str(path), context=context)
    yield made
    made.rest_client.pool_manager.clear()
    made.close()


@pytest.fixture
def core(api: client.ApiClient) -> client.CoreV1Api:
    return client.CoreV1Api(api)


@pytest.fixture
def apps(api: client.ApiClient) -> client.AppsV1Api:
    return client.AppsV1Api(api)


@pytest.fixture
def pod() -> Callable[..., dict[str, Any]]:
    """Builds a pod: name, image, labels, and further fields of its spec."""

    def build(
        name: str, image: str = "sleeper", labels: dict[str, str] | None = None, **spec: Any
    ) -> dict[str, Any]:
        containers = [{"name": "main", "image": image}]
        return {
            "metadata": {"name": name, "labels": labels or {}},
            "spec": {"containers": containers, "terminationGracePeriodSeconds": 2} | spec,
        }

    return build


@pytest.fixture
def deployment() -> Callable[..., dict[str, Any]]:
    """Builds a Recreate Deployment with pods `app=NAME`."""

    def build(name: str, image: str = "sleeper", replicas: int = 1) -> dict[str, Any]:
        labels = {"app": name}
        return {
            "metadata": {"name": name, "labels": labels},
            "spec": {
                "replicas": replicas,
                "strategy": {"type": "Recreate"},
                "selector": {"matchLabels": labels},
                "template": {
                    "metadata": {"labels": labels},
                    "spec": {
                        "terminationGracePeriodSeconds": 2,
                        "containers": [{"name": "main", "image": image}],
                    },
                },
            },
        }

    return build
