"""The sections about JupyterHubs and Kubernetes clusters."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from bot.config_types import Address, OptionText, RepositoryName, Section, Token


class Hub(Section):
    """A JupyterHub. ``url`` is the public URL. ``api_url`` is the URL of the hub's service, which must not
    depend on the proxy. ``cluster`` is a name under ``clusters``.

    ``release`` is the Helm release of its pods, if the hub's pod has no label for it. ``complete`` for
    ``user_pods`` means that all users' pods are in the namespace, even if none is seen there.
    ``start_timeout`` is the hub's own, in seconds. ``placeholder`` is the StatefulSet of placeholders.
    ``ca_bundle`` is a PEM file of additional authorities. ``repository`` is the one on GitHub that the hub is
    deployed from.
    """

    name: OptionText
    url: Address
    api_url: Address
    api_token: Token
    cluster: str
    namespace: str
    release: str = ""
    user_pods: Literal["auto", "complete"] = "auto"
    start_timeout: float = Field(default=600, gt=0)
    proxy_deployment: str = "proxy"
    placeholder: str = "user-placeholder"
    ca_bundle: Path | None = None
    repository: RepositoryName = ""


class Cluster(Section):
    """A Kubernetes cluster: a context of a kubeconfig, or by default the pod's service account.
    If ``server`` is set, it must be the context's address, which detects a renamed context."""

    name: str
    kubeconfig: Path | None = None
    context: str = ""
    server: str = ""
