"""Our adapter's access to both clusters: credentials, RBAC and errors."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.kubernetes import KubernetesCluster
from bot.domain.rights import Permission
from bot.errors import UserError
from tests.contracts.kubernetes.node import STARTED
from tests.contracts.kubernetes.objects import contract, on_node
from tests.contracts.kubernetes.systems import Core, Grant, System, kubeconfig
from tests.support.rights import DELETE_PODS, GET_PODS, PATCH_PROXY, PERMISSIONS

Mayday = Callable[..., KubernetesCluster]
AT = "2026-11-22T12:00:00+00:00"
V1 = "client.authentication.k8s.io/v1"
NEEDED = {
    GET_PODS: Grant(verbs=("get",)),
    DELETE_PODS: Grant(verbs=("delete",)),
    PATCH_PROXY: Grant(
        verbs=("patch",), resources=("deployments",), group="apps", names=("proxy",)
    ),
}


# --- rights ------------------------------------------------------------------------------------


@contract("adapter: the cluster says of each right whether mayday's Role grants it")
@pytest.mark.parametrize("granted", PERMISSIONS)
def test_each_right(system: System, ns: str, mayday: Mayday, granted: Permission) -> None:
    _, token = system.user(ns, NEEDED[granted])
    api = mayday(token)
    found = {right: api.may(ns, right) for right in PERMISSIONS}
    assert found == {right: right is granted for right in PERMISSIONS}
    assert not api.may("default", granted)


@contract("adapter: a right to patch one Deployment is none to patch another")
def test_a_right_to_another_deployment(system: System, ns: str, mayday: Mayday) -> None:
    _, token = system.user(ns, NEEDED[PATCH_PROXY])
    assert mayday(token).may(ns, PATCH_PROXY)
    assert not mayday(token).may(ns, replace(PATCH_PROXY, name="hub"))


@contract("adapter: events of pods are read where the Role lists them, and 403 is a sentence")
def test_events(system: System, core: Core, ns: str, mayday: Mayday) -> None:
    made = core.create_namespaced_pod(ns, on_node("a"))
    for kind, name, uid in (("Pod", "a", made.metadata.uid), ("ReplicaSet", "r", "0-0-0")):
        body = {
            "metadata": {"name": f"{name}.x"},
            "involvedObject": {"kind": kind, "name": name, "namespace": ns, "uid": uid},
            "reason": "TriggeredScaleUp",
            "message": "pod triggered scale-up: [{user-pool 1->2 (max: 9)}]",
            "firstTimestamp": STARTED,
            "lastTimestamp": STARTED,
            "count": 1,
        }
        core.create_namespaced_event(ns, body)
    _, token = system.user(ns, Grant(verbs=("list",), resources=("pods", "events")))
    (event,) = mayday(token).pod_events(ns)
    assert (event.pod_uid, event.reason) == (made.metadata.uid, "TriggeredScaleUp")
    assert event.message == "pod triggered scale-up: [{user-pool 1->2 (max: 9)}]"
    assert event.at is not None
    assert event.at.isoformat() == "2026-11-22T10:00:00+00:00"

    _, token = system.user(ns, Grant(verbs=("list",)))
    with pytest.raises(UserError) as told:
        mayday(token).pod_events(ns)
    assert told.value.code == "403"
    assert str(told.value) == (
        f"mayday isn't allowed to list events in namespace {ns} of cluster teaching: grant it in "
        "the Role of mayday's service account, with the rule "
        '“apiGroups: [""], resources: [events], verbs: [list]”.'
    )


@contract("adapter: 401 and 403 are each one sentence that says what to do")
def test_not_allowed(system: System, ns: str, mayday: Mayday) -> None:
    with pytest.raises(UserError, match="does not accept mayday's credentials: renew") as told:
        mayday("not-a-token").pods(ns, "app=x")
    assert told.value.code == "401"
    _, token = system.user(ns, Grant(verbs=("list",)))
    api = mayday(token)
    assert api.pods(ns, "app=x") == ()
    rule = ', with the rule “apiGroups: [""], resources: [pods], verbs: [get]”'
    for act, verb, where, rest in (
        (lambda: api.delete_pod(ns, "a", "uid"), "delete pod a", ns, ""),
        (lambda: api.force_delete_pod(ns, "a", "uid"), "get pod a", ns, rule),
        (lambda: api.restart_deployment(ns, "hub", AT), "patch deployment hub", ns, ""),
    ):
        with pytest.raises(UserError) as told:
            act()
        assert told.value.code == "403"
        place = f" in namespace {where}" if where else ""
        assert str(told.value) == (
            f"mayday isn't allowed to {verb}{place} of cluster teaching: grant it in the Role of "
            f"mayday's service account{rest}."
        )


@contract("adapter: a Deployment that is not there is the key that names it")
def test_nothing_there(ns: str, mayday: Mayday) -> None:
    for act in (
        lambda: mayday().deployment(ns, "proxy"),
        lambda: mayday().restart_deployment(ns, "proxy", AT),
    ):
        with pytest.raises(UserError) as told:
            act()
        assert told.value.code == "404"
        assert str(told.value) == (
            f"Deployment proxy not found in namespace {ns} of cluster teaching: set "
            "hubs[].proxy_deployment."
        )


# --- credentials -------------------------------------------------------------------------------


@contract("adapter: a token that is renewed in the kubeconfig is used with the next request")
def test_a_renewed_token(system: System, ns: str, mayday: Mayday, tmp_path: Path) -> None:
    api = mayday("an-expired-token")
    with pytest.raises(UserError, match="does not accept mayday's credentials"):
        api.pods(ns, "app=x")
    kubeconfig(system, tmp_path / "kubeconfig", {"token": system.admin})
    assert api.pods(ns, "app=x") == ()


@contract("adapter: a user without credentials gets a sentence about that, not about a Role")
def test_no_credentials(ns: str, mayday: Mayday) -> None:
    with pytest.raises(
        UserError, match="Cluster teaching got no credentials from mayday: give the user"
    ):
        mayday(user={}).pods(ns, "app=x")


@contract("adapter: an exec plugin's token is used, and renewed when the cluster refuses it")
def test_an_exec_plugin(
    system: System, core: Core, ns: str, mayday: Mayday, tmp_path: Path
) -> None:
    core.create_namespaced_pod(ns, on_node("a", labels={"app": "x"}))
    script = tmp_path / "login"
    script.write_text('#!/bin/sh\ncat "$(dirname "$0")/credential"\n', encoding="utf-8")
    script.chmod(0o700)
    user = {"exec": {"apiVersion": V1, "command": "./login", "interactiveMode": "Never"}}
    api = mayday(user=user)
    returned(tmp_path, {"token": system.admin})
    assert [pod.name for pod in api.pods(ns, "app=x")] == ["a"]

    again = mayday(user=user)
    returned(tmp_path, {"token": "an-expired-token"})
    with pytest.raises(
        UserError, match=r"does not accept .*: check the login that the exec plugin in"
    ):
        again.pods(ns, "app=x")
    returned(tmp_path, {"token": system.admin})
    (found,) = again.pods(ns, "app=x")
    again.delete_pod(ns, "a", found.uid)
    again.force_delete_pod(ns, "a", found.uid)
    assert again.pods(ns, "app=x") == ()


def returned(directory: Path, status: dict[str, Any]) -> None:
    """Set what the plugin returns."""
    said = {"kind": "ExecCredential", "apiVersion": V1, "status": status}
    (directory / "credential").write_text(json.dumps(said), encoding="utf-8")


@contract("adapter: an exec plugin that is missing or fails is said so, and nothing is asked")
def test_a_broken_exec_plugin(ns: str, mayday: Mayday) -> None:
    for command, says in (
        ("no-such-login", "no-such-login of cluster teaching is not installed where mayday runs"),
        ("false", "false of cluster teaching failed with exit status 1: run it by hand"),
    ):
        with pytest.raises(UserError, match=says) as told:
            mayday(user={"exec": {"apiVersion": V1, "command": command}}).pods(ns, "app=x")
        assert told.value.code == "exec_plugin"


@contract("adapter: a certificate that is not trusted is said so")
def test_certificate(system: System, ns: str, mayday: Mayday) -> None:
    if system.certificate is None:
        pytest.skip("the double speaks plain HTTP on loopback: it has no certificate to distrust")
    with pytest.raises(UserError, match="certificate of cluster teaching is not trusted"):
        mayday(trusting=False).pods(ns, "app=x")
