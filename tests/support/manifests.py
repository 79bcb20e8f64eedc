"""The manifests of ``deploy/``: as files, and as ``kubectl`` renders them."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes import client

DEPLOY = Path(__file__).parents[2] / "deploy"
RIGHTS = sorted(f"base/rights/{file.name}" for file in (DEPLOY / "base/rights").glob("*.yaml"))
"""What mayday may do with hubs: one file for each capability."""

NO_KUBECTL = "kubectl is not installed, so the kustomizations can't be rendered"

Object = dict[str, Any]

MODELS = {
    "Namespace": "V1Namespace",
    "ServiceAccount": "V1ServiceAccount",
    "ConfigMap": "V1ConfigMap",
    "Secret": "V1Secret",
    "PersistentVolumeClaim": "V1PersistentVolumeClaim",
    "Role": "V1Role",
    "RoleBinding": "V1RoleBinding",
    "ClusterRole": "V1ClusterRole",
    "ClusterRoleBinding": "V1ClusterRoleBinding",
    "Deployment": "V1Deployment",
    "PodDisruptionBudget": "V1PodDisruptionBudget",
}
"""The official client's model of each kind."""


def objects(*names: str) -> list[Object]:
    """The objects in these files of ``deploy/``."""
    return [
        found for name in names for found in yaml.safe_load_all((DEPLOY / name).read_text("utf-8"))
    ]


def rights(*names: str) -> list[Object]:
    """The Roles and ClusterRoles in these files of ``base/rights``, or in all."""
    files = [f"base/rights/{name}.yaml" for name in names] or RIGHTS
    return [found for found in objects(*files) if found["kind"] in ("Role", "ClusterRole")]


HUB = next(found["metadata"]["namespace"] for found in rights("servers") if found["kind"] == "Role")
"""The namespace of the hub."""


def rendered(variant: str = "") -> list[Object]:
    """The objects that ``kubectl apply -k`` creates; the test is skipped without ``kubectl``."""
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        pytest.skip(NO_KUBECTL)
    made = subprocess.run(
        [kubectl, "kustomize", str(DEPLOY / variant)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert made.returncode == 0, made.stderr
    return list(yaml.safe_load_all(made.stdout))


def of_kind(found: Sequence[Object], kind: str) -> Object:
    """The one object of a kind."""
    (one,) = [each for each in found if each["kind"] == kind]
    return one


def unknown_fields(found: Object) -> list[str]:
    """The fields of an object that its kind doesn't have, by the official client's models."""
    return _unknown(found, MODELS[found["kind"]], found["kind"])


def _unknown(value: Any, model: str, path: str) -> list[str]:
    if value is None:  # in a patch: without this field
        return []
    if inner := re.fullmatch(r"list\[(.+)\]|dict\[str, (.+)\]", model, re.IGNORECASE):
        items = value.items() if isinstance(value, Mapping) else enumerate(value)
        kind = inner[1] or inner[2]
        return [each for key, item in items for each in _unknown(item, kind, f"{path}[{key}]")]
    if (known := getattr(client.models, model, None)) is None:
        return []
    names = {told: attribute for attribute, told in known.attribute_map.items()}
    wrong = [f"{path}.{key}" for key in value if key not in names]
    for key, item in value.items():
        if key in names:
            wrong += _unknown(item, known.openapi_types[names[key]], f"{path}.{key}")
    return wrong
