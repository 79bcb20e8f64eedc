"""A real API server accepts the manifests of ``deploy/``, and its RBAC gives mayday what they say."""

from __future__ import annotations

from typing import Any

import pytest
from kubernetes import client
from kubernetes.client.exceptions import ApiException

from bot.domain.hubs import Place
from bot.domain.rights import Permission
from bot.runbook.steps import KINDS
from tests.contracts.kubernetes.systems import REAL, System
from tests.support.manifests import HUB, RIGHTS, Object, objects, rendered

pytestmark = [
    # The double has only what runbooks use.
    pytest.mark.parametrize("system", [REAL], indirect=True),
]
ACCOUNT = "system:serviceaccount:mayday:mayday"


def create(api: client.ApiClient, found: Object, *, dry_run: bool) -> Any:
    """Create an object; return it as the API server has it, or would have it."""
    kind, namespace = found["kind"], found["metadata"].get("namespace")
    options = {"dry_run": "All"} if dry_run else {}
    core, rbac = client.CoreV1Api(api), client.RbacAuthorizationV1Api(api)
    if namespace is None:
        make = {
            "Namespace": core.create_namespace,
            "ClusterRole": rbac.create_cluster_role,
            "ClusterRoleBinding": rbac.create_cluster_role_binding,
        }[kind]
        made = make(found, **options)
    else:
        make = {
            "ServiceAccount": core.create_namespaced_service_account,
            "ConfigMap": core.create_namespaced_config_map,
            "Secret": core.create_namespaced_secret,
            "PersistentVolumeClaim": core.create_namespaced_persistent_volume_claim,
            "Role": rbac.create_namespaced_role,
            "RoleBinding": rbac.create_namespaced_role_binding,
            "Deployment": client.AppsV1Api(api).create_namespaced_deployment,
            "PodDisruptionBudget": client.PolicyV1Api(api).create_namespaced_pod_disruption_budget,
        }[kind]
        made = make(namespace, found, **options)
    return api.sanitize_for_serialization(made)


def lost(sent: Any, kept: Any, path: str = "") -> list[str]:
    """What the API server dropped or changed of an object, such as a misspelt field."""
    if isinstance(sent, dict) and isinstance(kept, dict):
        return [
            each
            for key, value in sent.items()
            for each in lost(value, kept.get(key), f"{path}.{key}")
        ]
    if isinstance(sent, list) and isinstance(kept, list) and len(sent) == len(kept):
        pairs = enumerate(zip(sent, kept, strict=True))
        return [each for n, (one, other) in pairs for each in lost(one, other, f"{path}[{n}]")]
    return [] if sent == kept else [path]


@pytest.fixture
def namespaces(api: client.ApiClient) -> None:
    """The namespaces of mayday and of the hub."""
    for name in ("mayday", HUB):
        try:
            client.CoreV1Api(api).create_namespace({"metadata": {"name": name}})
        except ApiException as error:
            assert error.status == 409, error.body


@pytest.mark.usefixtures("namespaces")
@pytest.mark.parametrize("variant", ["", "sqlite"], ids=["two replicas", "sqlite"])
def test_every_object_is_accepted_as_it_is_written(
    system: System, api: client.ApiClient, variant: str
) -> None:
    without_policy = "v1" not in system.policy
    for found in [*rendered(variant), *objects("secret.example.yaml")]:
        if found["kind"] == "Namespace":
            continue
        if found["kind"] == "PodDisruptionBudget" and without_policy:
            continue  # this API server has no policy/v1; test_deploy.py checks its fields
        found.pop("stringData", None)
        assert lost(found, create(api, found, dry_run=True)) == [], found["kind"]


@pytest.mark.usefixtures("namespaces")
def test_a_budget_is_accepted_as_it_is_written(system: System, api: client.ApiClient) -> None:
    if "v1" not in system.policy:
        pytest.skip(f"{system.against} has no policy/v1")
    (budget,) = objects("pod-disruption-budget.yaml")
    assert lost(budget, create(api, budget, dry_run=True)) == []


@pytest.mark.usefixtures("namespaces")
def test_the_account_may_do_what_steps_need_and_nothing_else(api: client.ApiClient) -> None:
    for found in objects("base/service-account.yaml", *RIGHTS):
        create(api, found, dry_run=False)

    def may(permission: Permission, namespace: str = HUB) -> bool:
        wanted = {
            "namespace": "" if permission.is_cluster_wide else namespace,
            "verb": permission.verb,
            "group": permission.group,
            "resource": permission.resource,
            "name": permission.name,
        }
        review = {"spec": {"user": ACCOUNT, "resourceAttributes": wanted}}
        asked = client.AuthorizationV1Api(api).create_subject_access_review(review)
        return bool(asked.status.allowed)

    place = Place(hub="datahub", cluster="teaching", namespace=HUB)
    needed = [
        right for kind in KINDS for right in kind.needs(place) if isinstance(right, Permission)
    ]
    assert needed
    assert [str(right) for right in needed if not may(right)] == []
    assert not any(may(right, "mayday") for right in needed if not right.is_cluster_wide)
    for verb, resource in (
        ("get", "secrets"),
        ("create", "pods"),
        ("patch", "secrets"),
        ("patch", "pods/ephemeralcontainers"),
        ("create", "pods/exec"),
        ("deletecollection", "pods"),
    ):
        assert not may(Permission(verb=verb, resource=resource)), (verb, resource)
    assert not may(
        Permission(verb="patch", group="apps", resource="deployments", name="user-scheduler")
    )
