"""Test objects for the contracts, and parsing of API errors."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from kubernetes import client
from kubernetes.client.exceptions import ApiException

from tests.contracts.kubernetes.systems import NODE


def contract(statement: str) -> pytest.MarkDecorator:
    """Mark a test as a Kubernetes contract."""
    return pytest.mark.contract("Kubernetes", statement)


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """A Status object of an API error."""

    status: int
    reason: str
    message: str
    details: dict[str, Any] = field(default_factory=dict)


def refusal(call: Callable[..., Any], *args: Any, **kwargs: Any) -> Refusal:
    """The API error that a call must get."""
    with pytest.raises(ApiException) as caught:
        call(*args, **kwargs)
    return read(int(caught.value.status), str(caught.value.body))


def read(status: int, body: str) -> Refusal:
    """Parse a Status object, which must be complete."""
    told = json.loads(body)
    assert (told["kind"], told["apiVersion"], told["status"]) == ("Status", "v1", "Failure")
    assert told["code"] == status
    return Refusal(
        status=status,
        reason=told.get("reason", ""),
        message=told["message"],
        details=told.get("details") or {},
    )


def pod(name: str = "", node: str = "", **more: Any) -> dict[str, Any]:
    """A pod; ``labels``, ``annotations``, ``finalizers`` etc. go to its metadata."""
    spec: dict[str, Any] = {"containers": [{"name": "main", "image": "example.org/main:1"}]}
    for key in ("terminationGracePeriodSeconds",):
        if key in more:
            spec[key] = more.pop(key)
    meta = ({"name": name} if name else {}) | more
    return {"metadata": meta, "spec": spec | ({"nodeName": node} if node else {})}


def on_node(name: str, **more: Any) -> dict[str, Any]:
    """A pod bound to a node, so deletion waits for its grace period."""
    return pod(name, NODE, **more)


def deployment(name: str, replicas: int = 1, strategy: str = "Recreate") -> dict[str, Any]:
    """A Deployment of pods ``app=NAME``."""
    labels = {"app": name}
    container = {"name": "main", "image": "example.org/main:1"}
    return {
        "metadata": {"name": name, "labels": labels},
        "spec": {
            "replicas": replicas,
            "strategy": {"type": strategy},
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    }


def config_map(
    name: str = "", *, data: dict[str, str] | None = None, **meta: Any
) -> dict[str, Any]:
    """A ConfigMap with data."""
    return {"metadata": ({"name": name} if name else {}) | meta, "data": data or {}}


def names(listed: Any) -> list[str]:
    """Names of a list's items."""
    return [item.metadata.name for item in listed.items]


def pages(ask: Callable[..., Any], *args: Any, **kwargs: Any) -> Iterator[Any]:
    """Each page of a list."""
    following: str | None = None
    while True:
        page = ask(*args, _continue=following, **kwargs)
        yield page
        following = page.metadata._continue
        if not following:
            return


def exists(core: client.CoreV1Api, namespace: str, name: str) -> bool:
    """Whether the pod exists."""
    return bool(core.list_namespaced_pod(namespace, field_selector=f"metadata.name={name}").items)
