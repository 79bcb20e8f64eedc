"""Watches that fail midway, and how the official client handles them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client, config, watch
from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import ProtocolError, ReadTimeoutError

from sandbox.cluster import ClusterDouble
from sandbox.faults import (
    Fault,
    bookmark_after,
    cut_after,
    ends_after,
    expired_after,
    garbage_after,
    silent_after,
)
from sandbox.rules import on_request

WATCHES = r".*[?&]watch="
NAMES = ["a", "b", "c"]


@pytest.fixture
def core(cluster: ClusterDouble, tmp_path: Path) -> Iterator[client.CoreV1Api]:
    """The official client through the fault proxy, with three ConfigMaps to watch."""
    path = tmp_path / "kubeconfig.front"
    context = cluster.write_kubeconfig(path, user="tester", server=cluster.front.url)
    api = config.new_client_from_config(config_file=str(path), context=context)
    made = client.CoreV1Api(api)
    for name in NAMES:
        made.create_namespaced_config_map("hub-prod", {"metadata": {"name": name}})
    yield made
    api.rest_client.pool_manager.clear()
    api.close()


BRIEF = {"timeout_seconds": 1, "_request_timeout": 3}


def watched(core: client.CoreV1Api, **asked: Any) -> tuple[list[str], Exception | None]:
    """Returns the names that a watch yields and its error. A bookmark's name is empty."""
    names: list[str] = []
    watching: Any = watch.Watch
    asked = asked or BRIEF
    try:
        for event in watching().stream(core.list_namespaced_config_map, "hub-prod", **asked):
            names.append(event["raw_object"]["metadata"].get("name", "") if event else "garbage")
    except (ApiException, ProtocolError, ReadTimeoutError) as error:
        return names, error
    return names, None


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (cut_after, ProtocolError),
        (silent_after, ReadTimeoutError),
        (ends_after, type(None)),
        (expired_after, ApiException),
    ],
)
@pytest.mark.parametrize("events", [0, 2])
def test_a_watch_goes_wrong_after_so_many_events(
    cluster: ClusterDouble,
    core: client.CoreV1Api,
    make: Callable[[int], Fault],
    error: type[Exception],
    events: int,
) -> None:
    cluster.faults = [on_request("GET", WATCHES, make(events), times=1)]
    names, ended = watched(core)
    assert names == NAMES[:events]
    assert isinstance(ended, error)
    if isinstance(ended, ApiException):
        assert ended.status == 410
    assert watched(core) == (NAMES, None)


@pytest.mark.parametrize(
    ("fault", "seen"),
    [(bookmark_after(2, "77", kind="ConfigMap"), ""), (garbage_after(2), "garbage")],
)
def test_something_else_comes_in_between_and_the_watch_goes_on(
    cluster: ClusterDouble, core: client.CoreV1Api, fault: Fault, seen: str
) -> None:
    """The client yields garbage as None, so callers must check each event."""
    cluster.faults = [on_request("GET", WATCHES, fault)]
    assert watched(core) == (["a", "b", seen, "c"], None)


def test_a_watch_without_an_end_is_resumed_once_after_410(
    cluster: ClusterDouble, core: client.CoreV1Api
) -> None:
    """Two 410s in a row raise an error: the caller must list again."""
    cluster.faults = [on_request("GET", WATCHES, expired_after(0), times=2)]
    version = core.list_namespaced_config_map("hub-prod").metadata.resource_version
    names, ended = watched(core, resource_version=version, _request_timeout=10)
    assert names == []
    assert isinstance(ended, ApiException) and ended.status == 410
    assert cluster.front.count("GET", WATCHES) == 2


def test_what_is_no_watch_has_no_lines_and_can_be_cut_all_the_same(
    cluster: ClusterDouble, core: client.CoreV1Api
) -> None:
    cluster.faults = [on_request("GET", "/", cut_after(0), times=1)]
    with pytest.raises(ProtocolError):
        core.list_namespaced_config_map("hub-prod")
    assert len(core.list_namespaced_config_map("hub-prod").items) == len(NAMES)
