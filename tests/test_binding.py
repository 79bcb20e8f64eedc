"""The name of a cluster is bound to a context, an API server and a certificate authority."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from bot.adapters import kubernetes_binding
from bot.adapters.kubernetes import KubernetesCluster
from bot.bootstrap import Bot
from bot.check import check
from bot.config import Config, load
from bot.errors import ConfigError, UserError
from sandbox.slack import SlackSandbox
from tests.support.bot import settings
from tests.support.kube_stub import kubeconfig, pods
from tests.support.stub import stub

SERVER = "https://10.0.0.1"
AUTHORITIES = {name: f"certificate of {name}".encode() for name in ("teaching", "research")}


def pem(*names: str) -> bytes:
    """A PEM file with these authorities; what is between the lines only has to be base64."""
    return b"".join(
        b"-----BEGIN CERTIFICATE-----\n"
        + base64.b64encode(AUTHORITIES[name])
        + b"\n-----END CERTIFICATE-----\n"
        for name in names
    )


def fingerprint(name: str) -> str:
    (found,) = kubernetes_binding.fingerprints(pem(name))
    return found


def trusting(*names: str) -> dict[str, str]:
    return {"certificate-authority-data": base64.b64encode(pem(*names)).decode()}


def configured(
    slack: SlackSandbox, tmp_path: Path, bound: Mapping[str, Any], **of_cluster: Any
) -> Config:
    """A configuration whose kubeconfig has the context ``teaching``, for ``SERVER`` by default."""
    server = of_cluster.pop("server", SERVER)
    file = kubeconfig(tmp_path, server, **of_cluster)
    cluster = {"name": "practice", "kubeconfig": file, "context": "teaching", "server": SERVER}
    url = f"sqlite:///{tmp_path / 'mayday.db'}"
    return load(overrides=settings(slack, url, tmp_path, clusters=[{**cluster, **bound}]))


MISMATCHES: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "another server": (
        {},
        {"server": "https://10.9.9.9"},
        "leads to https://10.9.9.9, but cluster practice is https://10.0.0.1",
    ),
    "another port": ({}, {"server": f"{SERVER}:6443"}, "but cluster practice is https://10.0.0.1"),
    "a renamed context": (
        {"context": "teaching-2"},
        {},
        "has no context teaching-2, only teaching: set clusters[].context",
    ),
    "another authority": (
        {"ca_sha256": fingerprint("teaching")},
        trusting("research"),
        f"SHA-256 {fingerprint('research')}, but cluster practice is bound to",
    ),
    "one more authority": (
        {"ca_sha256": fingerprint("teaching")},
        trusting("teaching", "research"),
        "correct clusters[].context, or clusters[].ca_sha256 if",
    ),
    "the machine's authorities": (
        {"ca_sha256": fingerprint("teaching")},
        {},
        "trusts every authority that its machine trusts, but cluster practice",
    ),
    "no verification": (
        {"ca_sha256": fingerprint("teaching")},
        {**trusting("teaching"), "insecure-skip-tls-verify": True},
        "trusts any server, without verification, but",
    ),
}


@pytest.mark.parametrize(("bound", "found", "says"), MISMATCHES.values(), ids=MISMATCHES)
def test_mayday_does_not_start_with_a_context_that_leads_elsewhere(
    slack: SlackSandbox,
    tmp_path: Path,
    bound: dict[str, Any],
    found: dict[str, Any],
    says: str,
) -> None:
    config = configured(slack, tmp_path, bound, **found)
    with pytest.raises(ConfigError) as refused:
        Bot(config)
    assert says in str(refused.value)
    assert not (tmp_path / "mayday.db").exists()


@pytest.mark.parametrize(("bound", "found", "says"), MISMATCHES.values(), ids=MISMATCHES)
def test_the_check_names_what_differs(
    slack: SlackSandbox,
    tmp_path: Path,
    bound: dict[str, Any],
    found: dict[str, Any],
    says: str,
) -> None:
    config = configured(slack, tmp_path, bound, **found).model_copy(update={"hubs": ()})
    shown = io.StringIO()
    assert not check(config, Console(file=shown, width=1000))
    (line,) = (line for line in shown.getvalue().splitlines() if "cluster practice" in line)
    assert "✗" in line
    assert says in line


@pytest.mark.parametrize("server", [SERVER, f"{SERVER}/", f"{SERVER}:443", "HTTPS://10.0.0.1"])
def test_the_same_address_in_other_words_is_no_mismatch(
    slack: SlackSandbox, tmp_path: Path, server: str
) -> None:
    ca = tmp_path / "ca.crt"
    ca.write_bytes(pem("research", "teaching"))
    bound = {"ca": str(ca), "ca_sha256": ":".join([fingerprint("teaching").upper()])}
    bot = Bot(configured(slack, tmp_path, bound, server=server, **trusting("teaching")))
    bot.stop()


def test_an_authority_in_a_file_is_compared_too(slack: SlackSandbox, tmp_path: Path) -> None:
    (tmp_path / "of-cluster.crt").write_bytes(pem("research"))
    bound = {"ca_sha256": fingerprint("teaching")}
    found = {"certificate-authority": "of-cluster.crt"}
    with pytest.raises(ConfigError, match=fingerprint("research")):
        Bot(configured(slack, tmp_path, bound, **found))


def test_a_kubeconfig_that_is_not_there_is_no_mismatch(slack: SlackSandbox, tmp_path: Path) -> None:
    bot = Bot(configured(slack, tmp_path, {"kubeconfig": str(tmp_path / "none")}))
    bot.stop()


@pytest.mark.parametrize(
    ("cluster", "says"),
    [
        ({"kubeconfig": "k", "context": "c"}, "set context and server beside kubeconfig"),
        ({"kubeconfig": "k", "server": SERVER}, "set context and server beside kubeconfig"),
        ({"context": "c"}, "a context needs a kubeconfig"),
        ({"ca_sha256": "abc"}, "64 hexadecimal digits"),
    ],
)
def test_a_cluster_that_is_not_bound_is_refused(cluster: dict[str, str], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        load(overrides={"clusters": [{"name": "teaching", **cluster}]})


def test_a_kubeconfig_that_changes_while_mayday_runs_is_compared_again(tmp_path: Path) -> None:
    with stub(lambda _asked: pods()) as right, stub(lambda _asked: pods()) as wrong:
        file = kubeconfig(tmp_path, right.url)
        api = KubernetesCluster(
            name="teaching", kubeconfig=file, context="teaching", server=right.url
        )
        api.pods("ns", "a=b")
        kubeconfig(tmp_path, wrong.url)
        for _ in range(2):
            with pytest.raises(UserError, match="but cluster teaching is"):
                api.pods("ns", "a=b")
        assert wrong.asked == []
        kubeconfig(tmp_path, right.url)
        api.pods("ns", "a=b")
    assert len(right.asked) == 2


@pytest.mark.parametrize("bound", [{"server": SERVER}, {"ca_sha256": fingerprint("teaching")}])
def test_the_service_account_of_the_pod_is_compared_where_it_is_bound(
    slack: SlackSandbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    bound: dict[str, str],
) -> None:
    authority = tmp_path / "ca.crt"
    authority.write_bytes(pem("research"))
    monkeypatch.setattr(kubernetes_binding, "POD_AUTHORITY", authority)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "fd00::1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    url = f"sqlite:///{tmp_path / 'mayday.db'}"
    told = settings(slack, url, tmp_path, clusters=[{"name": "practice", **bound}])
    with pytest.raises(ConfigError, match="service account of mayday's pod"):
        Bot(load(overrides=told))
    told["clusters"] = [{"name": "practice", "server": "https://[fd00::1]"}]
    Bot(load(overrides=told)).stop()
