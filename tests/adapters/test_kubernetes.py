"""The cluster's adapter on a stub with faults; ``tests/services`` uses a cluster."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.kubernetes import KubernetesCluster
from bot.domain.rights import Permission
from bot.errors import RetryLater, UserError
from bot.ports import Cluster
from tests.support.faults import WAITS
from tests.support.kube_stub import TOKEN, cluster, failing, kubeconfig, pod, pods
from tests.support.rights import DELETE_PODS, GET_PODS, PATCH_PROXY
from tests.support.stub import Answer, Asked, nobody_there


@pytest.mark.parametrize("allowed", [True, False])
@pytest.mark.parametrize(
    ("permission", "wanted"),
    [
        (GET_PODS, {"verb": "get", "group": "", "resource": "pods"}),
        (DELETE_PODS, {"verb": "delete", "group": "", "resource": "pods"}),
        (
            PATCH_PROXY,
            {"verb": "patch", "group": "apps", "resource": "deployments", "name": "proxy"},
        ),
    ],
)
def test_the_cluster_is_asked_what_it_allows(
    tmp_path: Path, permission: Permission, wanted: dict[str, str], allowed: bool
) -> None:
    review = Answer(status=201, body={"spec": {}, "status": {"allowed": allowed}})
    with cluster(tmp_path, lambda _asked: review) as (api, running):
        port: Cluster = api
        assert port.may("ns", permission) is allowed
    (asked,) = running.asked
    assert asked.path == "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    assert asked.body["spec"]["resourceAttributes"] == {"namespace": "ns", "name": ""} | wanted


def test_a_restart_patches_the_given_time_and_nothing_else(tmp_path: Path) -> None:
    with cluster(tmp_path, lambda _asked: failing(404)) as (api, running), pytest.raises(UserError):
        api.restart_deployment("ns", "proxy", "2026-11-22T12:00:00+00:00")
    (asked,) = running.asked
    assert asked.headers["content-type"] == "application/strategic-merge-patch+json"
    notes = {"kubectl.kubernetes.io/restartedAt": "2026-11-22T12:00:00+00:00"}
    assert asked.body == {"spec": {"template": {"metadata": {"annotations": notes}}}}


# --- deleting ----------------------------------------------------------------------------------


GOING = {"deletionTimestamp": "2026-11-22T12:00:30Z", "deletionGracePeriodSeconds": 30}


def deleting(item: dict[str, Any], then: Answer | None = None) -> Callable[[Asked], Answer]:
    def answer(asked: Asked) -> Answer:
        if asked.method == "GET":
            return Answer(body=item)
        return then or Answer(body=item)

    return answer


def test_a_forced_deletion_carries_the_uid_and_no_grace(tmp_path: Path) -> None:
    with cluster(tmp_path, deleting(pod("p", **GOING))) as (api, running):
        api.force_delete_pod("ns", "p", "uid-p")
    _look, asked = running.asked
    assert (asked.method, asked.path) == ("DELETE", "/api/v1/namespaces/ns/pods/p")
    assert asked.body["gracePeriodSeconds"] == 0
    assert asked.body["preconditions"] == {"uid": "uid-p"}


def test_a_deletion_leaves_the_pod_its_grace(tmp_path: Path) -> None:
    with cluster(tmp_path, deleting(pod("p"))) as (api, running):
        api.delete_pod("ns", "p", "uid-p")
    (asked,) = running.asked
    assert "gracePeriodSeconds" not in asked.body
    assert asked.body["preconditions"] == {"uid": "uid-p"}


def test_a_pod_that_is_gone_or_was_replaced_is_left_alone(tmp_path: Path) -> None:
    with cluster(tmp_path, lambda _asked: failing(404)) as (api, running):
        api.force_delete_pod("ns", "p", "uid-p")
        api.delete_pod("ns", "p", "uid-p")
    assert [asked.method for asked in running.asked] == ["GET", "DELETE"]
    with cluster(tmp_path, deleting(pod("p", uid="new"), failing(409))) as (api, running):
        api.force_delete_pod("ns", "p", "uid-p")
        api.delete_pod("ns", "p", "uid-p")
    assert [asked.method for asked in running.asked] == ["GET", "DELETE"]


@pytest.mark.parametrize(
    ("meta", "says"),
    [
        ({"finalizers": ["example.org/hold"]}, "waits for finalizer example.org/hold"),
        (
            {
                "ownerReferences": [
                    {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "s", "uid": "1"}
                ]
            },
            "belongs to a StatefulSet",
        ),
        ({}, "is not being deleted"),
    ],
)
def test_guarded_pods_are_never_force_deleted(
    tmp_path: Path, meta: dict[str, Any], says: str
) -> None:
    with (
        cluster(tmp_path, deleting(pod("p", **meta))) as (api, running),
        pytest.raises(UserError, match=says),
    ):
        api.force_delete_pod("ns", "p", "uid-p")
    assert {asked.method for asked in running.asked} == {"GET"}


def test_a_deletion_whose_answer_is_lost_is_sent_once(tmp_path: Path) -> None:
    answer = deleting(pod("p"), Answer(drop=True))
    with cluster(tmp_path, answer) as (api, running), pytest.raises(RetryLater) as lost:
        api.delete_pod("ns", "p", "uid-p")
    assert lost.value.maybe_done
    assert [asked.method for asked in running.asked] == ["DELETE"]


# --- failures ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "error", "says"),
    [
        (failing(401), UserError, "does not accept mayday's credentials: renew the token"),
        (
            failing(403, 'pods is forbidden: User "u" cannot list resource "pods"'),
            UserError,
            "mayday isn't allowed to list pods in namespace ns of cluster teaching: grant it in the Role",
        ),
        (
            failing(403, 'pods is forbidden: User "system:anonymous" cannot list resource "pods"'),
            UserError,
            "Cluster teaching got no credentials from mayday",
        ),
        (
            failing(403, "admission webhook denied the request"),
            UserError,
            "check its admission policies",
        ),
        (Answer(status=403, body="<html>"), UserError, "any proxy in front of its API server"),
        (failing(404), UserError, "check hubs[].namespace"),
        (Answer(status=404, body="<html>"), UserError, "not Kubernetes: check clusters[].server"),
        (failing(409), UserError, "make a new plan"),
        (failing(422), UserError, "refused to list pods"),
        (failing(429, **{"Retry-After": "7"}), RetryLater, "asks mayday to wait"),
        (failing(500), RetryLater, "failed with 500"),
        (Answer(body={"hello": "world"}), UserError, "not Kubernetes"),
        (Answer(body="<html>"), UserError, "not Kubernetes"),
        (Answer(body=""), UserError, "not Kubernetes"),
        (Answer(body='{"kind": "PodList", "items": [{"metadata"'), UserError, "not Kubernetes"),
        (Answer(hang=True), RetryLater, "did not answer in time"),
        (Answer(drop=True), RetryLater, "did not answer in time"),
    ],
)
def test_each_failure_is_one_sentence_that_names_the_cluster(
    tmp_path: Path, answer: Answer, error: type[Exception], says: str
) -> None:
    with (
        cluster(tmp_path, lambda _asked: answer) as (api, _running),
        pytest.raises(error) as failure,
    ):
        api.pods("ns", "a=b")
    told = str(failure.value)
    assert says in told
    assert "teaching" in told
    assert "\n" not in told
    assert TOKEN not in told


def test_a_deployment_that_is_not_there_is_a_key_to_set(tmp_path: Path) -> None:
    with cluster(tmp_path, lambda _asked: failing(404)) as (api, _running):
        for act in (
            lambda: api.deployment("ns", "proxy"),
            lambda: api.restart_deployment("ns", "proxy", "2026-11-22T12:00:00+00:00"),
        ):
            with pytest.raises(UserError) as told:
                act()
            assert told.value.code == "404"
            assert str(told.value) == (
                "Deployment proxy not found in namespace ns of cluster teaching: set "
                "hubs[].proxy_deployment."
            )


def test_a_404_of_something_else_does_not_say_that_a_pod_is_gone(tmp_path: Path) -> None:
    page = Answer(status=404, body="<html>")
    with cluster(tmp_path, lambda _asked: page) as (api, _running):
        for act in (api.delete_pod, api.force_delete_pod):
            with pytest.raises(UserError, match="not Kubernetes"):
                act("ns", "p", "uid-p")


def test_a_wait_that_the_cluster_asks_for_is_passed_on(tmp_path: Path) -> None:
    busy = failing(429, **{"Retry-After": "7"})
    with cluster(tmp_path, lambda _asked: busy) as (api, _), pytest.raises(RetryLater) as failure:
        api.delete_pod("ns", "p", "uid-p")
    assert (failure.value.after, failure.value.maybe_done) == (7.0, False)


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(("asked", "seconds"), WAITS.items())
def test_a_wait_that_is_nonsense(
    tmp_path: Path, asked: str, seconds: float | None, status: int
) -> None:
    busy = failing(status, **{"Retry-After": asked})
    with cluster(tmp_path, lambda _asked: busy) as (api, _), pytest.raises(RetryLater) as failure:
        api.pods("ns", "a=b")
    assert failure.value.after == (seconds or 10.0)


def test_a_cluster_that_is_not_there(tmp_path: Path) -> None:
    with nobody_there() as nowhere:
        api = KubernetesCluster(
            name="teaching", kubeconfig=kubeconfig(tmp_path, nowhere), context="teaching"
        )
        with pytest.raises(RetryLater, match="does not answer at") as failure:
            api.delete_pod("ns", "p", "uid-p")
    assert not failure.value.maybe_done


def test_the_clock_of_the_cluster_is_compared_at_each_answer(tmp_path: Path) -> None:
    then = datetime(2026, 1, 1, tzinfo=UTC)

    def answer(_asked: Asked) -> Answer:
        return replace(pods(), headers={"Date": format_datetime(then, usegmt=True)})

    with cluster(tmp_path, answer) as (api, _):
        assert api.skew() is None
        api.pods("ns", "")
        behind = api.skew()
    assert behind is not None
    assert abs(datetime.now(UTC) - then - behind) < timedelta(minutes=1)
