"""The adapter's identity at a cluster: unusable kubeconfigs and renewed credentials."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from kubernetes.config import incluster_config

from bot.adapters.kubernetes import KubernetesCluster
from bot.adapters.kubernetes_binding import Binding
from bot.adapters.kubernetes_credentials import Credentials
from bot.errors import UserError
from tests.support.kube_stub import TOKEN, cluster, failing, kubeconfig, pod, pods
from tests.support.stub import Answer, Asked, stub

NOWHERE = "http://127.0.0.1:1"


def refused(file: str, context: str = "teaching") -> str:
    """The error for a kubeconfig, raised before any request."""
    api = KubernetesCluster(name="teaching", kubeconfig=file, context=context)
    with pytest.raises(UserError) as told:
        api.pods("ns", "a=b")
    text = str(told.value)
    assert told.value.code in ("kubeconfig", "wrong_context")
    assert "cluster teaching" in text
    assert "\n" not in text
    assert TOKEN not in text
    return text


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty: correct clusters[].kubeconfig"),
        (b"just some text", "is not a kubeconfig: correct clusters[].kubeconfig"),
        (b"not: [yaml", "is not a kubeconfig"),
        (b"- a\n- list\n", "is not a kubeconfig"),
        (b"\xff\xfe\x00binary", "is not a kubeconfig"),
        (b"clusters: []", "is not a kubeconfig"),
        (b"contexts: []", "has no context teaching, only none: set clusters[].context"),
        (b"contexts: [text]", "has a context, cluster or user that cannot be used"),
        (b"contexts: [{name: teaching, context: text}]", "that cannot be used"),
    ],
)
def test_a_file_that_is_no_kubeconfig(tmp_path: Path, content: bytes, says: str) -> None:
    file = tmp_path / "config"
    file.write_bytes(content)
    assert says in refused(str(file))


def test_a_kubeconfig_that_is_missing_or_a_directory(tmp_path: Path) -> None:
    assert "does not exist: correct clusters[].kubeconfig" in refused(str(tmp_path / "none"))
    assert "is a directory: correct clusters[].kubeconfig" in refused(str(tmp_path))


def test_a_context_that_does_not_exist(tmp_path: Path) -> None:
    file = kubeconfig(tmp_path, NOWHERE)
    assert "has no context other, only teaching: set clusters[].context" in refused(file, "other")


def edited(tmp_path: Path, change: Callable[[Any], object]) -> str:
    """A changed kubeconfig."""
    file = Path(kubeconfig(tmp_path, NOWHERE))
    config = json.loads(file.read_text(encoding="utf-8"))
    change(config)
    file.write_text(json.dumps(config), encoding="utf-8")
    return str(file)


@pytest.mark.parametrize(
    ("change", "context", "says"),
    [
        (lambda config: config.pop("users"), "teaching", "has no user u, which its context"),
        (lambda config: config.pop("clusters"), "teaching", "has no cluster c, which its context"),
    ],
)
def test_a_kubeconfig_that_lacks_what_its_context_needs(
    tmp_path: Path, change: Callable[[Any], object], context: str, says: str
) -> None:
    assert says in refused(edited(tmp_path, change), context)


@pytest.mark.parametrize(
    ("user", "says"),
    [
        ({"auth-provider": {"name": "gcp"}}, "has auth-provider for user u, which mayday does not"),
        ({"token": TOKEN, "as": "somebody"}, "has as for user u, which mayday does not support"),
        ({"tokenFile": "no-such-file"}, "no-such-file, which does not exist"),
        ({"client-certificate": "none.crt", "client-key": "none.key"}, "none.crt, which does not"),
        ({"token": f"{TOKEN}\n{TOKEN}"}, "has a token with invalid characters"),
        ({"token": "tökén"}, "has a token with invalid characters"),
        ({"client-certificate-data": "a", "client-key-data": "a"}, "that cannot be used"),
        ("text", "that cannot be used"),
    ],
)
def test_a_user_whose_credentials_cannot_be_had(tmp_path: Path, user: Any, says: str) -> None:
    file = kubeconfig(tmp_path, "https://127.0.0.1:1", user)
    assert says in refused(file)


def test_a_context_that_leads_elsewhere_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    with stub(lambda _asked: pods()) as running:
        api = KubernetesCluster(
            name="teaching",
            kubeconfig=kubeconfig(tmp_path, running.url),
            context="teaching",
            server="https://research.example.org",
        )
        with pytest.raises(UserError, match=r"correct clusters\[\]\.context") as failure:
            api.pods("ns", "a=b")
        assert running.asked == []
    assert running.url in str(failure.value)
    assert "https://research.example.org" in str(failure.value)


def test_outside_a_cluster_a_kubeconfig_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    with pytest.raises(UserError, match=r"set clusters\[\]\.kubeconfig of cluster teaching"):
        KubernetesCluster(name="teaching").pods("ns", "a=b")


# --- renewing ----------------------------------------------------------------------------------


def accepting(*tokens: str) -> Callable[[Asked], Answer]:
    """A cluster that accepts these tokens only."""

    def answer(asked: Asked) -> Answer:
        if asked.headers.get("authorization") not in [f"Bearer {token}" for token in tokens]:
            return failing(401, "Unauthorized")
        return pods() if asked.path.endswith("/pods") else Answer(body=pod())

    return answer


def test_a_token_that_is_renewed_in_the_kubeconfig_is_used_at_once(tmp_path: Path) -> None:
    with cluster(tmp_path, accepting("newer-token")) as (api, running):
        with pytest.raises(UserError, match="renew the token or the certificate in") as told:
            api.pods("ns", "a=b")
        assert told.value.code == "401"
        assert len(running.asked) == 1, "the same token is not tried twice"
        kubeconfig(tmp_path, running.url, {"token": "newer-token"})
        assert api.pods("ns", "a=b") == ()


@pytest.mark.parametrize(
    ("status", "says"), [(401, "does not accept"), (403, "isn't allowed to list pods")]
)
def test_credentials_that_stay_refused_are_refused_after_one_request(
    tmp_path: Path, status: int, says: str
) -> None:
    told = failing(status, 'pods is forbidden: User "u" cannot list resource "pods"')
    with cluster(tmp_path, lambda _asked: told) as (api, running):
        for _ in range(2):
            with pytest.raises(UserError, match=says):
                api.pods("ns", "a=b")
        assert len(running.asked) == 2


@pytest.mark.parametrize("status", [401, 403])
def test_a_token_that_changes_while_it_is_refused_is_asked_with_again(
    tmp_path: Path, status: int
) -> None:
    """Deletions too: a refused one deletes nothing."""

    def answer(asked: Asked) -> Answer:
        if asked.headers["authorization"] == "Bearer newer-token":
            return Answer(body=pod())
        kubeconfig(tmp_path, running.url, {"token": "newer-token"})
        return failing(status)

    with cluster(tmp_path, answer) as (api, running):
        api.delete_pod("ns", "jupyter-ana", "uid-jupyter-ana")
    assert [asked.method for asked in running.asked] == ["DELETE", "DELETE"]
    assert {asked.body["preconditions"]["uid"] for asked in running.asked} == {"uid-jupyter-ana"}


def test_a_token_file_is_read_again_when_it_changes(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("older\n", encoding="utf-8")
    user: Mapping[str, Any] = {"token": "ignored", "tokenFile": "token"}
    with cluster(tmp_path, accepting("older", "newer-one"), user) as (api, running):
        api.pods("ns", "a=b")
        file.write_text("newer-one\n", encoding="utf-8")
        api.pods("ns", "a=b")
    used = [asked.headers["authorization"] for asked in running.asked]
    assert used == ["Bearer older", "Bearer newer-one"]


def test_the_token_of_mayday_s_own_pod_is_read_again_when_it_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, authority = tmp_path / "token", tmp_path / "ca.crt"
    token.write_text("older", encoding="utf-8")
    authority.write_text("a certificate", encoding="utf-8")
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "1")
    monkeypatch.setattr(incluster_config, "SERVICE_TOKEN_FILENAME", str(token))
    monkeypatch.setattr(incluster_config, "SERVICE_CERT_FILENAME", str(authority))
    credentials = Credentials(kubeconfig=None, binding=Binding(cluster="teaching"))
    first = credentials.login()
    assert credentials.login() is first
    token.write_text("newer-one", encoding="utf-8")
    second = credentials.login()
    assert first.client.configuration.api_key == {"BearerToken": "bearer older"}
    assert second.client.configuration.api_key == {"BearerToken": "bearer newer-one"}
    token.unlink()
    with pytest.raises(UserError, match="isn't running in a pod with a service account"):
        credentials.login()
