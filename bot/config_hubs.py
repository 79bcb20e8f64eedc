"""The sections about JupyterHubs and Kubernetes clusters."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator, model_validator

from bot import config_messages as messages
from bot.config_types import (
    Address,
    HubName,
    Labels,
    OptionalToken,
    RepositoryName,
    Section,
    Token,
)


class Notices(Section):
    """The announcement service of a hub. Without ``token`` it is that of the hub's API."""

    url: Address | None = None
    service: Literal["jupyterhub-announcement", "example"] = "jupyterhub-announcement"
    token: OptionalToken = None


class Hub(Section):
    """A JupyterHub. ``url`` is the public URL. ``api_url`` is the URL of the hub's service, which must not
    depend on the proxy. ``cluster`` is a name under ``clusters``.

    ``release`` is the Helm release of its pods, if the hub's pod has no label for it. ``complete`` for
    ``user_pods`` means that all users' pods are in the namespace, even if none is seen there.
    ``start_timeout`` is the hub's own, in seconds. ``ca_bundle`` is a PEM file of additional authorities.
    ``repository`` is the one on GitHub that the hub is deployed from, ``placeholder`` the StatefulSet of
    placeholders, ``core_nodes`` the labels of the core pool's nodes; empty for the chart's.
    """

    name: HubName
    url: Address
    api_url: Address
    api_token: Token
    cluster: str
    namespace: str
    release: str = ""
    user_pods: Literal["auto", "complete"] = "auto"
    start_timeout: float = Field(default=600, gt=0)
    proxy_deployment: str = "proxy"
    hub_deployment: str = "hub"
    placeholder: str = "user-placeholder"
    core_nodes: Labels = Field(default_factory=dict)
    repository: RepositoryName = ""
    ca_bundle: Path | None = None
    notices: Notices = Notices()
    canary_user: str = ""
    canary_token: OptionalToken = None


class Cluster(Section):
    """A Kubernetes cluster: a context of a kubeconfig, or by default the pod's service account.

    ``server`` is the address of its API server, ``ca`` a PEM file with its certificate authority,
    ``ca_sha256`` the authority's fingerprint. mayday uses no login that leads elsewhere.
    """

    name: str
    kubeconfig: Path | None = None
    context: str = ""
    server: str = ""
    ca: Path | None = None
    ca_sha256: str = ""

    @field_validator("ca_sha256")
    @classmethod
    def _is_a_fingerprint(cls, value: str) -> str:
        plain = value.replace(":", "").strip().lower()
        if plain and not re.fullmatch("[0-9a-f]{64}", plain):
            raise ValueError(messages.FINGERPRINT)
        return plain

    @model_validator(mode="after")
    def _is_bound(self) -> Cluster:
        if self.kubeconfig is not None and not (self.context and self.server):
            raise ValueError(messages.NOT_BOUND)
        if self.kubeconfig is None and self.context:
            raise ValueError(messages.NO_KUBECONFIG)
        return self
