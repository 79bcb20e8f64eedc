"""Failures of a Kubernetes API server, each as one sentence that says what to do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import urllib3
from kubernetes.client.exceptions import ApiException

from bot.adapters.kubernetes_credentials import Login
from bot.domain.retry_after import asked_wait
from bot.errors import RetryLater, UserError

GONE = "404"
CONFLICT = "409"

NOT_SENT = (
    urllib3.exceptions.ConnectTimeoutError,
    urllib3.exceptions.NewConnectionError,
    urllib3.exceptions.NameResolutionError,
)
"""Failures before anything was sent. The client raises urllib3's own errors for the network."""


@dataclass(frozen=True, kw_only=True)
class ApiCall:
    """What is asked of a cluster, for the sentences about it.

    ``verb`` is worded to follow “isn't allowed to”. ``writes``: it may have taken effect although its
    answer cannot be read. ``missing`` is the sentence for a 404, empty for the usual one.
    """

    cluster: str
    verb: str
    namespace: str = ""
    writes: bool = False
    missing: str = ""

    @property
    def where(self) -> str:
        """Its namespace in words."""
        return f" in namespace {self.namespace}" if self.namespace else ""


@contextmanager
def translated(call: ApiCall, login: Login) -> Iterator[None]:
    """Turn the client's errors into ours. A Tell's code is the HTTP status."""
    try:
        yield
    except ApiException as error:
        raise _refusal(error, call, login) from error
    except NOT_SENT as error:
        raise RetryLater(
            f"Cluster {call.cluster} does not answer at {login.host}: check the network and "
            "clusters[].server.",
            after=10.0,
            maybe_done=False,
        ) from error
    except urllib3.exceptions.HTTPError as error:
        raise RetryLater(
            f"Cluster {call.cluster} did not answer in time to “{call.verb}”: look before repeating.",
            after=10.0,
        ) from error
    except ValueError as error:
        if call.writes:
            raise RetryLater(
                f"Cluster {call.cluster} answered “{call.verb}” with something that is not "
                "Kubernetes: look before repeating.",
                after=10.0,
            ) from error
        raise _not_kubernetes(call, login) from error


def _refusal(error: ApiException, call: ApiCall, login: Login) -> UserError | RetryLater:
    cluster, where = call.cluster, call.where
    status = int(error.status or 0)
    said = _said(error)
    if status == 0:
        text = _tls(error, cluster)
    elif status == 401:
        text = f"Cluster {cluster} does not accept mayday's credentials: {login.advice}."
    elif status == 403:
        text = _forbidden(said, call)
    elif status == 404 and said is None:
        return _not_kubernetes(call, login)
    elif status == 404:
        text = call.missing or (
            f"Cluster {cluster} found nothing for “{call.verb}”{where}: check hubs[].namespace."
        )
    elif status == 409:
        text = f"Cluster {cluster} would not {call.verb}{where}: it has changed, make a new plan."
    elif status == 410:
        return RetryLater(
            f"Cluster {cluster} changed too much during “{call.verb}”{where}: ask again.",
            after=1.0,
            maybe_done=False,
        )
    elif status == 429:
        return RetryLater(
            f"Cluster {cluster} asks to wait before “{call.verb}”{where}.",
            after=_asked(error),
            maybe_done=False,
        )
    elif status >= 500:
        return RetryLater(
            f"Cluster {cluster} failed with {status} at “{call.verb}”{where}.", after=_asked(error)
        )
    else:
        text = f"Cluster {cluster} refused to {call.verb}{where}: {error.reason}."
    return UserError(text, code=str(status))


def _not_kubernetes(call: ApiCall, login: Login) -> UserError:
    return UserError(
        f"{login.host} answered “{call.verb}” with something that is not Kubernetes: check "
        f"clusters[].server of {call.cluster}.",
        code="not_kubernetes",
    )


def _forbidden(said: dict[str, Any] | None, call: ApiCall) -> str:
    message = str((said or {}).get("message", ""))
    cluster, where = call.cluster, call.where
    if 'User "system:anonymous"' in message:
        return (
            f"Cluster {cluster} got no credentials from mayday: give the user of its context in "
            "clusters[].kubeconfig a token, a certificate or an exec plugin."
        )
    if 'User "' in message and " cannot " in message:
        role = "Role" if call.namespace else "ClusterRole"
        return (
            f"mayday isn't allowed to {call.verb}{where} of cluster {cluster}: grant it in the {role} of "
            "mayday's service account."
        )
    return (
        f"Cluster {cluster} refused to {call.verb}{where} with 403, and not for a missing Role: check its "
        "admission policies and what stands before its API server."
    )


def _tls(error: ApiException, cluster: str) -> str:
    if "CERTIFICATE_VERIFY_FAILED" in str(error.reason):
        return (
            f"The certificate of cluster {cluster} is not trusted: check the certificate authority "
            "in its kubeconfig."
        )
    return (
        f"No TLS connection to cluster {cluster}: check the server address, the certificate authority "
        "and the client certificate in its kubeconfig."
    )


def _said(error: ApiException) -> dict[str, Any] | None:
    """The Status object that the server sent; None for anything else, such as a proxy's page."""
    try:
        said = json.loads(error.body or "")
    except (ValueError, TypeError):
        return None
    return said if isinstance(said, dict) and said.get("kind") == "Status" else None


def _asked(error: ApiException) -> float:
    headers = error.headers or {}
    return asked_wait(headers.get("Retry-After"), datetime.now(UTC), otherwise=10.0)
