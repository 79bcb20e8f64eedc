"""Exec plugins of a kubeconfig as real processes: missing, failing, hanging, expired."""

from __future__ import annotations

import json
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.kubernetes_binding import Binding
from bot.adapters.kubernetes_credentials import Credentials
from bot.adapters.kubernetes_kubeconfig import Kubeconfig
from bot.errors import MaydayError, RetryLater, UserError
from sandbox.cluster.waiting import wait_for
from tests.support.kube_stub import TOKEN, cluster, failing, kubeconfig, pods
from tests.support.stub import Answer, Asked

V1 = "client.authentication.k8s.io/v1"
LIMIT = 2.0


def plugin(directory: Path, script: str, **spec: Any) -> dict[str, Any]:
    """A kubeconfig user whose plugin is this script, beside the kubeconfig."""
    file = directory / "aws-login"
    file.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    file.chmod(0o700)
    return {"exec": {"apiVersion": V1, "command": "./aws-login", **spec}}


def returning(status: Any, version: str = V1) -> str:
    """A script that returns a credential; ``$runs`` is its number of runs."""
    said = json.dumps({"kind": "ExecCredential", "apiVersion": version, "status": status})
    return (
        'cd "$(dirname "$0")" && echo run >> runs && runs=$(grep -c . runs)\n'
        f"cat <<END\n{said}\nEND"
    )


def tokens(asked: list[Asked]) -> list[str]:
    """The tokens that a stub received."""
    return [request.headers["authorization"].removeprefix("Bearer ") for request in asked]


def failure(directory: Path, user: dict[str, Any], limit: float = 30.0) -> MaydayError:
    """The error of a failing plugin; asserts that the cluster gets no request."""
    with cluster(directory, lambda _asked: pods(), user, plugin_limit=limit) as (api, running):
        with pytest.raises((UserError, RetryLater)) as told:
            api.pods("ns", "a=b")
        assert running.asked == []
    assert "\n" not in str(told.value)
    assert "of cluster teaching" in str(told.value)
    assert TOKEN not in str(told.value)
    return told.value


def test_a_plugin_that_is_not_installed(tmp_path: Path) -> None:
    user = {"exec": {"apiVersion": V1, "command": "no-such-login", "args": [TOKEN]}}
    told = failure(tmp_path, user)
    assert isinstance(told, UserError)
    assert str(told) == (
        "The exec plugin no-such-login of cluster teaching is not installed where mayday runs: "
        "install it, or use a service account's token in clusters[].kubeconfig."
    )


def test_a_plugin_that_may_not_be_run(tmp_path: Path) -> None:
    user = plugin(tmp_path, "exit 0")
    (tmp_path / "aws-login").chmod(0o600)
    assert "aws-login of cluster teaching cannot be started" in str(failure(tmp_path, user))


def test_a_plugin_that_fails(tmp_path: Path) -> None:
    user = plugin(tmp_path, f"echo {TOKEN}; echo {TOKEN} >&2; exit 7")
    assert str(failure(tmp_path, user)) == (
        "The exec plugin aws-login of cluster teaching failed with exit status 7: run it by hand "
        "where mayday runs and correct what it reports."
    )


@pytest.mark.parametrize(
    ("script", "spec"),
    [
        (f"echo {TOKEN}", {}),
        ("true", {}),
        (returning({"token": TOKEN}, "client.authentication.k8s.io/v1beta1"), {}),
        (returning({}), {}),
        (returning(None), {}),
        (returning([TOKEN]), {}),
        (returning({"clientCertificateData": TOKEN}), {}),
        (returning({"token": TOKEN, "expirationTimestamp": "soon"}), {}),
    ],
)
def test_a_plugin_that_returns_no_credential(
    tmp_path: Path, script: str, spec: dict[str, Any]
) -> None:
    told = failure(tmp_path, plugin(tmp_path, script, **spec))
    assert f"returned no ExecCredential of {V1}: correct its apiVersion" in str(told)


def test_a_plugin_that_needs_a_person_or_is_half_configured(tmp_path: Path) -> None:
    user = plugin(tmp_path, "exit 0", interactiveMode="Always")
    assert "requires an interactive terminal" in str(failure(tmp_path, user))
    user["exec"] = {"apiVersion": V1}
    assert "has no command or no apiVersion" in str(failure(tmp_path, user))


def test_a_plugin_that_hangs_is_killed_with_its_children_and_asked_once_for_all_threads(
    tmp_path: Path,
) -> None:
    held = tmp_path / "held"
    os.mkfifo(held)
    # Open both sides so that neither blocks; both processes hold the file.
    script = f'exec 9<>"{held}"; echo run >> "{tmp_path}/runs"; sleep 60 & sleep 60'
    user = plugin(tmp_path, script)
    reader = os.open(held, os.O_RDONLY | os.O_NONBLOCK)
    ready = threading.Barrier(4)
    with cluster(tmp_path, lambda _asked: pods(), user, plugin_limit=LIMIT) as (api, running):

        def ask() -> str:
            ready.wait(10)
            with pytest.raises(RetryLater) as told:
                api.pods("ns", "a=b")
            assert not told.value.maybe_done
            return str(told.value)

        with ThreadPoolExecutor(4) as pool:
            said = {future.result(60) for future in [pool.submit(ask) for _ in range(4)]}
        assert running.asked == []
    assert said == {
        "The exec plugin aws-login of cluster teaching did not finish within 2 seconds and was "
        "killed: run it by hand where mayday runs, it may be waiting for a login."
    }
    assert (tmp_path / "runs").read_text(encoding="utf-8") == "run\n"
    # End of file means that no writer is left: both processes have ended.
    os.set_blocking(reader, True)
    with os.fdopen(reader, "rb") as file, ThreadPoolExecutor(1) as pool:
        assert pool.submit(file.read).result(30) == b""


def test_a_plugin_is_run_as_client_go_runs_it(tmp_path: Path) -> None:
    script = 'printf "%s" "$KUBERNETES_EXEC_INFO $STAGE $*" > "$(dirname "$0")/seen"\n'
    user = plugin(
        tmp_path,
        script + returning({"token": "it-$runs"}),
        args=["get-token", "--cluster=c"],
        env=[{"name": "STAGE", "value": "prod"}],
        provideClusterInfo=True,
    )
    with cluster(tmp_path, lambda _asked: pods(), user) as (api, running):
        api.pods("ns", "a=b")
        api.pods("ns", "a=b")
    assert tokens(running.asked) == ["it-1", "it-1"]
    info, _, rest = (tmp_path / "seen").read_text(encoding="utf-8").rpartition("} ")
    assert json.loads(info + "}") == {
        "apiVersion": V1,
        "kind": "ExecCredential",
        "spec": {"interactive": False, "cluster": {"server": running.url}},
    }
    assert rest == "prod get-token --cluster=c"


def test_a_plugin_may_return_a_certificate_instead_of_a_token(tmp_path: Path) -> None:
    status = {"clientCertificateData": "a certificate", "clientKeyData": "its key"}
    user = plugin(tmp_path, returning(status))
    file = kubeconfig(tmp_path, "https://127.0.0.1:1", user)
    binding = Binding(cluster="teaching")
    chosen = Kubeconfig(path=Path(file), context="teaching", binding=binding, plugin_limit=30.0)
    login = Credentials(kubeconfig=chosen, binding=binding).login()
    settings = login.client.configuration
    assert Path(settings.cert_file or "").read_text(encoding="utf-8") == "a certificate"
    assert Path(settings.key_file or "").read_text(encoding="utf-8") == "its key"
    assert settings.api_key == {}
    assert "its key" not in repr(login)


@pytest.mark.parametrize(
    ("expires", "used"),
    [
        ("2020-01-01T00:00:00Z", ["it-1", "it-2", "it-3"]),
        ("2120-01-01T00:00:00Z", ["it-1", "it-1", "it-1"]),
        ("2120-01-01T00:00:00", ["it-1", "it-1", "it-1"]),
    ],
)
def test_a_credential_that_expires_is_asked_for_again(
    tmp_path: Path, expires: str, used: list[str]
) -> None:
    user = plugin(tmp_path, returning({"token": "it-$runs", "expirationTimestamp": expires}))
    with cluster(tmp_path, lambda _asked: pods(), user) as (api, running):
        for _ in range(3):
            api.pods("ns", "a=b")
    assert tokens(running.asked) == used


@pytest.mark.parametrize("status", [401, 403])
def test_a_credential_that_is_refused_is_asked_for_again_once(tmp_path: Path, status: int) -> None:
    def answer(asked: Asked) -> Answer:
        shown = asked.headers["authorization"]
        return pods() if shown == "Bearer it-2" else failing(status)

    user = plugin(tmp_path, returning({"token": "it-$runs"}))
    with cluster(tmp_path, answer, user) as (api, running):
        assert api.pods("ns", "a=b") == ()
        assert api.pods("ns", "a=b") == ()
    assert tokens(running.asked) == ["it-1", "it-2", "it-2"]

    with cluster(tmp_path, lambda _asked: failing(status), user) as (api, running):
        with pytest.raises(UserError) as told:
            api.pods("ns", "a=b")
        assert told.value.code == str(status)
    assert len(running.asked) == 2


def test_a_plugin_that_is_repaired_is_used_without_a_restart(tmp_path: Path) -> None:
    user = plugin(tmp_path, "exit 1")
    with cluster(tmp_path, lambda _asked: pods(), user) as (api, running):
        with pytest.raises(UserError, match="failed with exit status 1"):
            api.pods("ns", "a=b")
        plugin(tmp_path, returning({"token": "repaired"}))

        def works() -> bool:
            try:
                return api.pods("ns", "a=b") == ()
            except UserError:  # a failure is cached for as long as it took
                return False

        wait_for(works, "the repaired plugin to be run")
    assert tokens(running.asked) == ["repaired"]
