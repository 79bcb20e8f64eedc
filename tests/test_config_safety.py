"""Settings that are unsafe with a real Slack are refused by name, and nothing else is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.bootstrap import sites
from bot.config import Config, load
from bot.errors import ConfigError, UserError
from tests.support.kube_stub import kubeconfig

REAL = {"bot_token": "xoxb-1", "app_token": "xapp-1"}
PRACTICE = {**REAL, "api_url": "http://127.0.0.1:1/api/"}
HUB = {
    "name": "datahub",
    "url": "https://datahub.example.org",
    "api_url": "https://hub.example.org/hub/api",
    "api_token": "t",
    "cluster": "teaching",
    "namespace": "prod",
}
CLUSTER = {"name": "teaching"}


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the host's configuration file and variables."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MAYDAY_CONFIG", raising=False)


def loaded(*, slack: dict[str, str] = REAL, allow: tuple[str, ...] = (), **sections: Any) -> Config:
    """The configuration with one hub; the keys of ``hub`` and ``cluster`` change theirs."""
    hub = {**HUB, **sections.pop("hub", {})}
    cluster = {**CLUSTER, **sections.pop("cluster", {})}
    return load(
        overrides={
            "slack": slack,
            "hubs": [hub],
            "clusters": [cluster],
            "security": {"allow_insecure": allow},
            **sections,
        }
    )


def told(**sections: Any) -> str:
    """The error."""
    with pytest.raises(ConfigError) as refused:
        loaded(**sections)
    return str(refused.value)


def test_what_is_safe_is_accepted() -> None:
    assert loaded().has_slack


@pytest.mark.parametrize(
    ("section", "name"),
    [
        ({"slack": {**REAL, "api_url": "http://slack.example.org/api/"}}, "slack.api_url"),
        ({"github": {"api_url": "http://github.example.org/api/v3"}}, "github.api_url"),
        ({"hub": {"url": "http://datahub.example.org"}}, "hubs.datahub.url"),
        ({"hub": {"url": "HTTP://datahub.example.org"}}, "hubs.datahub.url"),
        ({"hub": {"url": "http://datahub"}}, "hubs.datahub.url"),
        ({"hub": {"api_url": "http://datahub.example.org/hub/api"}}, "hubs.datahub.api_url"),
        ({"hub": {"api_url": "http://10.1.2.3:8081/hub/api"}}, "hubs.datahub.api_url"),
        ({"hub": {"api_url": "http://hub.svc.example.org/hub/api"}}, "hubs.datahub.api_url"),
        ({"hub": {"api_url": "http://[2001:db8::1]:8081/hub/api"}}, "hubs.datahub.api_url"),
        ({"hub": {"api_url": "http://134744072/hub/api"}}, "hubs.datahub.api_url"),
        ({"hub": {"api_url": "http://0x8080808/hub/api"}}, "hubs.datahub.api_url"),
        ({"cluster": {"server": "http://10.0.0.1"}}, "clusters.teaching"),
    ],
)
def test_addresses_without_tls_need_to_be_allowed_by_name(
    section: dict[str, Any], name: str
) -> None:
    said = told(**section)
    assert "use https://" in said
    assert f"add {name} to security.allow_insecure" in said
    assert loaded(**section, allow=(name,)).has_slack
    if "slack" not in section:
        assert loaded(**section, slack=PRACTICE).has_slack


@pytest.mark.parametrize(
    "host",
    ["hub", "hub.prod", "hub.prod.svc", "hub.prod.svc.cluster.local.", "127.0.0.1", "[::1]"],
)
def test_the_hubs_own_service_needs_no_tls(host: str) -> None:
    assert loaded(hub={"api_url": f"http://{host}:8081/hub/api"}).has_slack


def test_a_name_that_allows_nothing_is_an_error() -> None:
    said = told(allow=("hubs.data.url",))
    assert "there is no hubs.data.url, only slack.api_url, github.api_url, hubs.datahub.url" in said


@pytest.mark.parametrize(
    ("key", "value"),
    [("open_to_all", True), ("clock_file", "clock.json"), ("call_limit", 5), ("lease", 5)],
)
def test_practice_is_refused_with_a_real_slack(key: str, value: Any) -> None:
    said = told(practice={key: value})
    assert f"practice.{key}: it is for the sandbox and tests only" in said
    assert told(practice={key: value}, allow=("slack.api_url",)) == said
    assert loaded(practice={key: value}, slack=PRACTICE).has_slack


# --- the kubeconfig ------------------------------------------------------------------------------

UNVERIFIED = {"server": "https://10.0.0.1", "insecure-skip-tls-verify": True}
UNENCRYPTED = {"server": "http://10.0.0.1"}


@pytest.mark.parametrize(
    ("cluster", "problem"),
    [(UNVERIFIED, "insecure-skip-tls-verify"), (UNENCRYPTED, "sends tokens unencrypted")],
)
def test_a_kubeconfig_without_tls_is_refused_before_anything_is_sent(
    tmp_path: Path, cluster: dict[str, Any], problem: str
) -> None:
    plugin = {"apiVersion": "client.authentication.k8s.io/v1", "command": "./never-run"}
    file = kubeconfig(tmp_path, user={"exec": plugin}, **cluster)
    bound = {"kubeconfig": file, "context": "teaching", "server": cluster["server"]}
    site = sites(loaded(cluster={**bound, "server": "https://10.0.0.1"}))["datahub"]
    with pytest.raises(UserError) as refused:
        site.reachable_cluster.pods("prod", "")
    assert problem in str(refused.value)
    assert "add clusters.teaching to security.allow_insecure" in str(refused.value)
    for allowed in ({"allow": ("clusters.teaching",)}, {"slack": PRACTICE}):
        site = sites(loaded(cluster=bound, **allowed))["datahub"]
        with pytest.raises(UserError, match="plugin never-run of cluster teaching"):
            site.reachable_cluster.pods("prod", "")
