"""Requests and their obstacles: names, permissions, versions, a missing core pool."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.adapters.jupyterhub import JupyterHub
from bot.domain.hubs import HubAccess
from bot.errors import UserError
from bot.plan import Exit
from sandbox.cluster.auth import Attributes
from sandbox.cluster.resources import DEPLOYMENTS, PODS
from sandbox.cluster.storage import Obj
from sandbox.cluster.waiting import wait_for
from sandbox.hub.access import bot_may
from tests.rows.desk import Desk
from tests.support.planning import FORCE, LONG_AFTER, NOW, RESTART, RESYNC

OTHERS = {"ben": "ok", "chidi": "ok", "dara": "ok", "kofi": "ok"}
MAIL = "ana@example.org"


# --- names -------------------------------------------------------------------------------------


def test_a_name_that_the_hub_does_not_know_is_answered_with_the_closest(desk: Desk) -> None:
    told = desk.plan(FORCE, "koffi")
    assert (told.exit, told.steps) == (Exit.UNKNOWN, [])
    assert "The hub has no user koffi: check the spelling." in told.unknown


def test_names_are_written_as_people_know_them(desk: Desk) -> None:
    desk.sandbox.stale_record("kofi")
    for name in ("kofi", "KOFI", "kofi/"):
        told = desk.plan(FORCE, name, later=LONG_AFTER)
        assert (told.exit, told.steps) == (Exit.STEPS, [("stop_server", "kofi")]), name
    told = desk.plan(FORCE, "Ben", later=LONG_AFTER)
    assert (told.exit, told.steps) == (Exit.NOTHING_TO_DO, [])
    assert told.json["nothing_to_do"] == "No server of ben is stuck."


def test_an_address_is_known_in_any_case_also_without_a_server(desk: Desk) -> None:
    desk.sandbox.rest.add_users([MAIL])
    for name in (MAIL, "Ana@Example.org"):
        told = desk.plan(FORCE, name)
        assert (told.exit, told.steps) == (Exit.NOTHING_TO_DO, [])
        assert told.json["nothing_to_do"] == f"{MAIL} has no running or pending server."


def test_a_server_as_mayday_prints_it_and_a_pods_name_mean_that_server(desk: Desk) -> None:
    """Ana's lab has a pod that the hub does not know; she works in her default server."""
    desk.add_pod("jupyter-ana--lab2", release="datahub", user="ana", server="lab2")
    for name in ("ana/lab2", "Ana/Lab2", "jupyter-ana--lab2", "ana"):
        told = desk.plan(FORCE, name, later=LONG_AFTER)
        assert told.steps == [("delete_pod", "jupyter-ana--lab2")], name
        assert told.json["steps"][0]["loses"] == ["ana/lab2"]
        assert told.conditions == {"ana": "ok", "ana/lab2": "orphan", **OTHERS}


def test_a_server_that_may_be_another_under_a_new_name_is_left_alone(desk: Desk) -> None:
    """The hub knows no user of the pod's name any more, as after a rename."""
    desk.add_pod("jupyter-old", release="datahub", user="old", server="")
    desk.sandbox.stale_record("kofi")
    told = desk.plan(later=LONG_AFTER)
    assert (told.exit, told.steps) == (Exit.UNKNOWN, [])
    assert told.why("kofi") == "its pod may be the one of old, which has no record"
    assert (told.why("old") or "").startswith(
        "the hub has no user of this name: renamed or deleted"
    )


def test_a_pod_of_another_user_at_another_address_is_no_renamed_server(desk: Desk) -> None:
    desk.add_pod("jupyter-ana--lab2", release="datahub", user="ana", server="lab2")
    desk.sandbox.stale_record("kofi")
    told = desk.plan(later=LONG_AFTER)
    assert told.exit is Exit.STEPS
    assert set(told.steps) == {("delete_pod", "jupyter-ana--lab2"), ("stop_server", "kofi")}


def test_names_for_a_runbook_that_takes_none(desk: Desk) -> None:
    with pytest.raises(UserError, match=r"works on a whole hub\. Leave out ana"):
        desk.plan(RESYNC, "ana")


# --- rights ------------------------------------------------------------------------------------


def without(verb: str, resource: str) -> Callable[[Attributes], bool]:
    """mayday's Role minus one right."""
    return lambda wanted: bot_may(wanted) and (wanted.verb, wanted.resource) != (verb, resource)


def test_a_right_that_is_missing_is_named_before_anybody_confirms(desk: Desk) -> None:
    desk.sandbox.hang_stop("ana")
    for verb, resource, runbook, says in (
        ("delete", "pods", FORCE, "isn't allowed to delete pods in namespace datahub-prod"),
        ("get", "pods", FORCE, "isn't allowed to get pods in namespace datahub-prod"),
        ("list", "pods", FORCE, "isn't allowed to list pods in namespace datahub-prod"),
        ("patch", "deployments", RESTART, "isn't allowed to patch deployments in namespace"),
        ("get", "deployments", RESTART, "isn't allowed to get deployment proxy in namespace"),
    ):
        desk.sandbox.cluster.tokens.restrict("mayday", bot_may)
        assert desk.plan(runbook, later=LONG_AFTER).exit is Exit.STEPS
        desk.sandbox.cluster.tokens.restrict("mayday", without(verb, resource))
        told = desk.plan(runbook, later=LONG_AFTER)
        assert (told.exit, told.steps) == (Exit.UNKNOWN, []), (verb, resource)
        assert says in told.unknown


def test_a_deployment_of_another_name_is_a_key_to_set(desk: Desk) -> None:
    told = desk.plan(RESTART, proxy_deployment="chp")
    assert (told.exit, told.steps) == (Exit.UNKNOWN, [])
    assert "Deployment chp not found in namespace datahub-prod" in told.unknown
    assert "set hubs[].proxy_deployment" in told.unknown


def test_a_paused_deployment_is_not_restarted(desk: Desk) -> None:
    _change_proxy(desk, "paused", True)
    told = desk.plan(RESTART)
    assert (told.exit, told.steps) == (Exit.NOTHING_TO_DO, [])
    assert "Deployment proxy is paused" in told.json["nothing_to_do"]
    assert "kubectl rollout resume deployment proxy" in told.json["nothing_to_do"]
    _change_proxy(desk, "paused", False)
    assert desk.plan(RESTART).exit is Exit.STEPS


def _change_proxy(desk: Desk, key: str, value: Any) -> None:
    sandbox = desk.sandbox
    sandbox.cluster.storage.mutate(
        DEPLOYMENTS, sandbox.namespace, "proxy", lambda obj: obj["spec"].update({key: value})
    )


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("this is no kubeconfig\n", "kubeconfig"),
        (
            {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "no-such-login"}},
            "no-such-login of cluster sandbox is not installed where mayday runs",
        ),
        (
            {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "false"}},
            "false of cluster sandbox failed with exit status 1",
        ),
        ({"token": "an-expired-token"}, "does not accept mayday's credentials"),
    ],
    ids=["plain text", "missing plugin", "failing plugin", "old token"],
)
def test_credentials_that_do_not_work_are_one_sentence(
    desk: Desk, tmp_path: Path, content: Any, says: str
) -> None:
    file = tmp_path / "kubeconfig"
    if isinstance(content, str):
        file.write_text(content)
    else:
        config = yaml.safe_load(desk.sandbox.kubeconfig.read_text())
        config["users"][0]["user"] = content
        file.write_text(yaml.safe_dump(config))
    made = desk.config()
    cluster = made.clusters[0].model_copy(update={"kubeconfig": file})
    told = desk.plan(config=made.model_copy(update={"clusters": (cluster,)}))
    assert (told.exit, told.steps) == (Exit.UNKNOWN, [])
    assert says in told.unknown
    assert len({part["why"] for part in told.json["unknown"]}) == 1


def test_a_token_that_the_hub_refuses_is_told_once(desk: Desk) -> None:
    desk.sandbox.stale_record("ana")
    for runbook in (FORCE, RESYNC):
        told = desk.plan(runbook, api_token="no-such-token", later=LONG_AFTER)
        assert (told.exit, told.steps) == (Exit.UNKNOWN, [])
        (why,) = {part["why"] for part in told.json["unknown"]}
        assert "does not accept the token" in why
    told = desk.plan(RESTART, api_token="no-such-token")
    assert any("can't have the routes written back" in text for text in told.json["cautions"])


# --- the hub's version -------------------------------------------------------------------------


def test_a_hub_that_cannot_cancel_a_start_is_not_asked_to(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The installed hub, reporting another version."""
    real = JupyterHub.access
    said = {"version": ""}

    def access(hub: JupyterHub) -> HubAccess:
        return replace(real(hub), version=said["version"])

    monkeypatch.setattr(JupyterHub, "access", access)
    desk.sandbox.hang_spawn("ana")
    for version in ("4.1.6", "5.0.0", ""):
        said["version"] = version
        told = desk.plan(later=LONG_AFTER)
        assert (told.exit, told.steps) == (Exit.NOTHING_TO_DO, [])
        assert told.conditions["ana"] == "stuck_spawn"
        assert "can't cancel a pending start" in told.json["nothing_to_do"]
        assert version in told.json["nothing_to_do"]
    for version in ("5.1.0", "6.1.1"):
        said["version"] = version
        assert desk.plan(later=LONG_AFTER).steps == [("stop_server", "ana")]


# --- a core pool without nodes -----------------------------------------------------------------


def test_without_a_core_pool_nothing_can_be_told(desk: Desk) -> None:
    desk.sandbox.drain_core_pool()
    _wait_until_refused(desk)
    for runbook in (FORCE, RESYNC):
        told = desk.plan(runbook, later=LONG_AFTER)
        assert (told.exit, told.steps) == (Exit.UNKNOWN, [])
        assert told.json["diagnosis"] == "both_down"
        assert told.json["nothing_to_do"] == ""
        assert "hub datahub" in told.unknown.lower()  # refused, or lost at that moment


def test_without_a_core_pool_no_proxy_is_restarted(desk: Desk) -> None:
    desk.sandbox.drain_core_pool()
    _wait_until_refused(desk)
    told = desk.plan(RESTART, later=NOW)
    assert (told.exit, told.steps) == (Exit.NOTHING_TO_DO, [])
    said = told.json["nothing_to_do"]
    assert "A restart can't help" in said
    assert "Unschedulable: 0/1 nodes are available: 1 node(s) didn't match" in said
    assert "a Ready node of the core pool" in said


def _wait_until_refused(desk: Desk) -> None:
    def refused(component: str) -> bool:
        pod = desk.sandbox.component_pod(component)
        told = (pod or {}).get("status", {}).get("conditions") or []
        return any(found.get("reason") == "Unschedulable" for found in told)

    wait_for(lambda: refused("hub") and refused("proxy"), "the scheduler to refuse both pods")


def test_a_hub_alone_that_is_down_is_told_apart(desk: Desk) -> None:
    desk.sandbox.hub_down()
    wait_for(lambda: not hub_pods(desk), "the hub's pod to be gone")
    for runbook in (FORCE, RESYNC):
        told = desk.plan(runbook, later=LONG_AFTER)
        assert (told.exit, told.json["diagnosis"]) == (Exit.UNKNOWN, "hub_down")


def hub_pods(desk: Desk) -> list[Obj]:
    """The hub's pods, also terminating."""
    pods = desk.sandbox.cluster.storage.objects(PODS, desk.sandbox.namespace)
    return [pod for pod in pods if pod["metadata"]["labels"].get("component") == "hub"]
