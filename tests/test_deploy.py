"""The manifests in ``deploy/`` fit mayday's image, configuration, time limits and rights."""

from __future__ import annotations

import os
from pathlib import PurePosixPath

import pytest
import yaml

from bot import durable
from bot.cli import app
from bot.config import Config, Database, load
from bot.domain.limits import Limits
from bot.web import health, server
from tests.support.dockerfile import of
from tests.support.manifests import (
    DEPLOY,
    HUB,
    MODELS,
    Object,
    objects,
    of_kind,
    rendered,
    unknown_fields,
)

FILES = sorted(str(file.relative_to(DEPLOY)) for file in DEPLOY.rglob("*.yaml"))
KUSTOMIZATIONS = [name for name in FILES if name.endswith("kustomization.yaml")]
NAMESPACE = HUB


def template() -> Object:
    """The pod's spec."""
    found: Object = of_kind(objects("base/deployment.yaml"), "Deployment")["spec"]["template"][
        "spec"
    ]
    return found


def container() -> Object:
    (one,) = template()["containers"]
    found: Object = one
    return found


def image_environment() -> dict[str, str]:
    """What the image sets."""
    return dict(pair.split("=", 1) for rest in of("ENV") for pair in rest.split())


# --- the files ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [n for n in FILES if n not in KUSTOMIZATIONS])
def test_every_field_exists(name: str) -> None:
    for found in objects(name):
        if "kind" in found:
            assert unknown_fields(found) == []


def test_a_misspelt_field_would_be_found() -> None:
    wrong = of_kind(objects("base/deployment.yaml"), "Deployment")
    wrong["spec"]["template"]["spec"]["containers"][0]["readynessProbe"] = {}
    assert unknown_fields(wrong) == ["Deployment.spec.template.spec.containers[0].readynessProbe"]


@pytest.mark.parametrize("name", KUSTOMIZATIONS)
def test_a_kustomization_names_files_that_exist(name: str) -> None:
    (told,) = objects(name)
    place = (DEPLOY / name).parent
    named = [
        *told["resources"],
        *(patch["path"] for patch in told.get("patches", [])),
        *(file for made in told.get("configMapGenerator", []) for file in made["files"]),
    ]
    assert [each for each in named if not (place / each).exists()] == []


def test_every_file_is_used_but_the_example_of_the_secret() -> None:
    """Applying a kustomization must never replace a team's tokens with placeholders."""
    used = set(KUSTOMIZATIONS)
    for name in KUSTOMIZATIONS:
        (told,) = objects(name)
        place = PurePosixPath(name).parent
        for each in (
            *told["resources"],
            *(patch["path"] for patch in told.get("patches", [])),
            *(file for made in told.get("configMapGenerator", []) for file in made["files"]),
        ):
            used.add(str(place / each))
    assert set(FILES) - used == {"secret.example.yaml"}


def test_the_secrets_are_no_secrets() -> None:
    secret = of_kind(objects("secret.example.yaml"), "Secret")
    assert [name for name, value in secret["stringData"].items() if "REPLACE-ME" not in value] == []


# --- the product --------------------------------------------------------------------------------


@pytest.fixture
def config(monkeypatch: pytest.MonkeyPatch) -> Config:
    """The configuration of a pod: the environment of its container, the Secret and the ConfigMap."""
    for name in [name for name in os.environ if name.startswith("MAYDAY_")]:
        monkeypatch.delenv(name)
    secret = of_kind(objects("secret.example.yaml"), "Secret")
    assert container()["envFrom"] == [{"secretRef": {"name": secret["metadata"]["name"]}}]
    for each in container()["env"]:
        monkeypatch.setenv(each["name"], each["value"])
    for name, value in secret["stringData"].items():
        monkeypatch.setenv(name, value)
    mount = PurePosixPath(os.environ["MAYDAY_CONFIG"])
    assert mount.parent == PurePosixPath(mounts()["config"])
    monkeypatch.setenv("MAYDAY_CONFIG", str(DEPLOY / "base" / mount.name))
    return load()


def mounts() -> dict[str, str]:
    return {mount["name"]: mount["mountPath"] for mount in container()["volumeMounts"]}


def test_a_pod_has_a_whole_configuration(config: Config) -> None:
    assert config.slack.bot_token
    assert config.slack.app_token
    assert config.slack.mode == "socket"
    assert config.database.url.get_secret_value().startswith("postgresql://")
    (hub,) = config.hubs
    assert (hub.namespace, hub.proxy_deployment) == (NAMESPACE, "proxy")


def test_it_listens_where_the_probes_ask(config: Config) -> None:
    (port,) = container()["ports"]
    assert config.http.port == port["containerPort"]
    assert config.http.host == "0.0.0.0"
    asked = {
        name: probe["httpGet"] for name, probe in container().items() if name.endswith("Probe")
    }
    assert {name: get["path"] for name, get in asked.items()} == {
        "startupProbe": "/livez",
        "livenessProbe": "/livez",
        "readinessProbe": "/readyz",
    }
    assert {get["port"] for get in asked.values()} == {port["name"]}
    paths = {route.path for route in health.routes(live={}, ready={})}
    assert {get["path"] for get in asked.values()} <= paths


def test_a_probe_waits_longer_than_a_check_may_take() -> None:
    probes = [probe for name, probe in container().items() if name.endswith("Probe")]
    assert all(probe["timeoutSeconds"] > health.LIMIT for probe in probes)


def test_the_image_is_run_as_it_is_built() -> None:
    ports = [each["containerPort"] for each in container()["ports"]]
    assert [str(port) for port in ports] == of("EXPOSE")
    assert [str(template()["securityContext"]["runAsUser"])] == of("USER")
    assert container()["args"] == yaml.safe_load(of("CMD")[0])
    named = [command.name or command.callback.__name__ for command in app.registered_commands]
    assert container()["args"][0] in named
    image = image_environment()
    told = {each["name"]: each["value"] for each in container()["env"]}
    assert {name: value for name, value in told.items() if name in image} == {
        name: value for name, value in image.items() if name.startswith("MAYDAY_")
    }


def test_only_what_is_mounted_can_be_written() -> None:
    (directory,) = of("WORKDIR")[-1:]
    assert mounts()["data"] == directory
    assert mounts()["tmp"] == "/tmp"
    assert container()["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert template()["securityContext"]["runAsNonRoot"] is True
    assert template()["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}


def test_a_stop_ends_before_the_kill() -> None:
    """Requests, handlers and ticks end within the limit of a call each, workflows within their own."""
    longest = server.STOP_TIMEOUT + 2 * Limits().call + durable.STOP_TIMEOUT
    assert template()["terminationGracePeriodSeconds"] > longest


# --- two replicas, and one ----------------------------------------------------------------------


def test_an_update_never_leaves_fewer_than_two_replicas() -> None:
    spec = of_kind(objects("base/deployment.yaml"), "Deployment")["spec"]
    assert spec["replicas"] == 2
    assert spec["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}
    assert (
        of_kind(objects("pod-disruption-budget.yaml"), "PodDisruptionBudget")["spec"][
            "minAvailable"
        ]
        == 1
    )


def test_every_selector_finds_the_pods() -> None:
    deployment = of_kind(objects("base/deployment.yaml"), "Deployment")["spec"]
    labels = deployment["template"]["metadata"]["labels"].items()
    budget = of_kind(objects("pod-disruption-budget.yaml"), "PodDisruptionBudget")["spec"]
    terms = template()["affinity"]["podAntiAffinity"][
        "preferredDuringSchedulingIgnoredDuringExecution"
    ]
    for selector in (
        deployment["selector"],
        budget["selector"],
        *(term["podAffinityTerm"]["labelSelector"] for term in terms),
    ):
        assert selector["matchLabels"].items() <= labels
    assert terms[0]["podAffinityTerm"]["topologyKey"] == "kubernetes.io/hostname"


def test_sqlite_is_one_process_whose_disk_stays() -> None:
    spec = of_kind(objects("sqlite/deployment.yaml"), "Deployment")["spec"]
    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate", "rollingUpdate": None})
    claim = of_kind(objects("sqlite/claim.yaml"), "PersistentVolumeClaim")
    (volume,) = spec["template"]["spec"]["volumes"]
    assert volume["name"] in mounts()
    assert volume["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]
    # Relative to the working directory, which is the mount.
    assert Database().url.get_secret_value() == "sqlite:///.mayday/mayday.db"


def test_two_replicas_are_rendered() -> None:
    found = rendered()
    assert {each["kind"] for each in found} == set(MODELS) - {"Secret", "PersistentVolumeClaim"}
    assert [each for made in found for each in unknown_fields(made)] == []
    pod = of_kind(found, "Deployment")["spec"]["template"]["spec"]
    generated = of_kind(found, "ConfigMap")["metadata"]["name"]
    assert generated != "mayday"
    assert generated in [v["configMap"]["name"] for v in pod["volumes"] if "configMap" in v]
    assert "/" in pod["containers"][0]["image"]


def test_one_process_on_sqlite_is_rendered() -> None:
    found = rendered("sqlite")
    assert {each["kind"] for each in found} == set(MODELS) - {"Secret", "PodDisruptionBudget"}
    assert [each for made in found for each in unknown_fields(made)] == []
    spec = of_kind(found, "Deployment")["spec"]
    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})
    volumes = {volume.pop("name"): volume for volume in spec["template"]["spec"]["volumes"]}
    assert volumes["data"] == {"persistentVolumeClaim": {"claimName": "mayday"}}
    assert set(volumes) == set(mounts())
