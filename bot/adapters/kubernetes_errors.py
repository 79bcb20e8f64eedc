"""Translates failures of a Kubernetes API server into mayday's errors."""

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
from bot.domain.retry_after import retry_after_seconds
from bot.domain.rights import Permission
from bot.errors import RetryLater, UserError

GONE = "404"
CONFLICT = "409"
ALIEN = "not_kubernetes"
"""Codes of a UserError: a 404 and a 409 of Kubernetes, and an answer that is not Kubernetes'. An API server
gives the last one for a version of an API that it doesn't serve."""

NOT_SENT = (
    urllib3.exceptions.ConnectTimeoutError,
    urllib3.exceptions.NewConnectionError,
    urllib3.exceptions.NameResolutionError,
)
"""Failures before the request was sent. The client doesn't wrap urllib3's network errors."""

NO_ANSWER = "Cluster {cluster} does not answer at {host}: check the network and clusters[].server."
NOT_SENT_IN_TIME = (
    "Cluster {cluster} could not be reached in time for “{verb}”: check the network and the exec "
    "plugin in clusters[].kubeconfig."
)
TIMED_OUT = (
    "Cluster {cluster} did not answer in time to “{verb}”: check the result before repeating."
)
UNREADABLE = (
    "Cluster {cluster} answered “{verb}” with something that is not Kubernetes: check the result "
    "before repeating."
)
NOT_KUBERNETES = (
    "{host} answered “{verb}” with something that is not Kubernetes: check clusters[].server of "
    "{cluster}."
)
UNAUTHORIZED = "Cluster {cluster} does not accept mayday's credentials: {advice}."
NOT_FOUND = "Cluster {cluster} answered 404 to “{verb}”{where}: check hubs[].namespace."
CONFLICTING = "Cluster {cluster} refused to {verb}{where}: it has changed, make a new plan."
EXPIRED_LIST = "Cluster {cluster} changed too much during “{verb}”{where}: try again."
RATE_LIMITED = "Cluster {cluster} asks mayday to wait before “{verb}”{where}."
NOT_INSTALLED = "Cluster {cluster} has no {extension} to answer “{verb}”."
NOT_RUNNING = "{extension} of cluster {cluster} did not answer “{verb}”: check its pods."
SERVER_ERROR = "Cluster {cluster} failed with {status} at “{verb}”{where}."
REFUSED = "Cluster {cluster} refused to {verb}{where}: {reason}."
ANONYMOUS = (
    "Cluster {cluster} got no credentials from mayday: give the user of its context in "
    "clusters[].kubeconfig a token, a certificate or an exec plugin."
)
FORBIDDEN = (
    "mayday isn't allowed to {verb}{where} of cluster {cluster}: grant it in the {role} of mayday's "
    "service account{rule}."
)
RULE = ", with the rule “apiGroups: [{group}], resources: [{resource}], verbs: [{verb}]”"
FORBIDDEN_BY_POLICY = (
    "Cluster {cluster} refused to {verb}{where} with 403, but not because of RBAC: check its admission "
    "policies and any proxy in front of its API server."
)
UNTRUSTED = (
    "The certificate of cluster {cluster} is not trusted: check the certificate authority in its "
    "kubeconfig."
)
NO_TLS = (
    "No TLS connection to cluster {cluster}: check the server address, the certificate authority "
    "and the client certificate in its kubeconfig."
)


@dataclass(frozen=True, kw_only=True)
class ApiCall:
    """A request to a cluster, for error messages.

    ``verb`` reads well after “isn't allowed to”. ``writes`` means that the request may have taken effect
    even if its answer can't be read. ``missing`` is the message for a 404; empty means the default.
    ``needs`` is the permission that RBAC asks for, if it is known. ``extension`` is the program behind the
    API server that answers; empty for the API server itself.
    """

    cluster: str
    verb: str
    namespace: str = ""
    writes: bool = False
    missing: str = ""
    needs: Permission | None = None
    extension: str = ""

    @property
    def where(self) -> str:
        """The namespace as a phrase, or empty."""
        return f" in namespace {self.namespace}" if self.namespace else ""


@contextmanager
def translated(call: ApiCall, login: Login) -> Iterator[None]:
    """Translate the client's errors. The code of a UserError is the HTTP status."""
    try:
        yield
    except ApiException as error:
        raise _refusal(error, call, login) from error
    except NOT_SENT as error:
        raise RetryLater(
            NO_ANSWER.format(cluster=call.cluster, host=login.host),
            after=10.0,
            maybe_done=False,
        ) from error
    except urllib3.exceptions.HTTPError as error:
        raise RetryLater(
            TIMED_OUT.format(cluster=call.cluster, verb=call.verb), after=10.0
        ) from error
    except ValueError as error:
        if call.writes:
            raise RetryLater(
                UNREADABLE.format(cluster=call.cluster, verb=call.verb), after=10.0
            ) from error
        raise _not_kubernetes(call, login) from error


def late(call: ApiCall, *, sent: bool) -> RetryLater:
    """Return the error for a request that did not end within its limit."""
    text = TIMED_OUT if sent else NOT_SENT_IN_TIME
    return RetryLater(
        text.format(cluster=call.cluster, verb=call.verb), after=10.0, maybe_done=sent
    )


def _refusal(error: ApiException, call: ApiCall, login: Login) -> UserError | RetryLater:
    words = {"cluster": call.cluster, "verb": call.verb, "where": call.where}
    words["extension"] = call.extension
    status = int(error.status or 0)
    body = _status_object(error)
    if status == 0:
        text = _tls(error, call.cluster)
    elif status == 401:
        text = UNAUTHORIZED.format(cluster=call.cluster, advice=login.advice)
    elif status == 403:
        text = _forbidden(body, call)
    elif status == 404 and call.extension:
        text = NOT_INSTALLED.format(**words)
    elif status == 503 and call.extension:
        return RetryLater(NOT_RUNNING.format(**words), after=_retry_after(error))
    elif status == 404 and body is None:
        return _not_kubernetes(call, login)
    elif status == 404:
        text = call.missing or NOT_FOUND.format(**words)
    elif status == 409:
        text = CONFLICTING.format(**words)
    elif status == 410:
        return RetryLater(EXPIRED_LIST.format(**words), after=1.0, maybe_done=False)
    elif status == 429:
        return RetryLater(RATE_LIMITED.format(**words), after=_retry_after(error), maybe_done=False)
    elif status >= 500:
        return RetryLater(SERVER_ERROR.format(**words, status=status), after=_retry_after(error))
    else:
        text = REFUSED.format(**words, reason=error.reason)
    return UserError(text, code=str(status))


def _not_kubernetes(call: ApiCall, login: Login) -> UserError:
    return UserError(
        NOT_KUBERNETES.format(host=login.host, verb=call.verb, cluster=call.cluster),
        code=ALIEN,
    )


def _forbidden(body: dict[str, Any] | None, call: ApiCall) -> str:
    """Return the message for a 403, which only Kubernetes' own text tells apart."""
    message = str((body or {}).get("message", ""))
    words = {"cluster": call.cluster, "verb": call.verb, "where": call.where}
    if 'User "system:anonymous"' in message:
        return ANONYMOUS.format(cluster=call.cluster)
    if 'User "' in message and " cannot " in message:
        role = "Role" if call.namespace else "ClusterRole"
        return FORBIDDEN.format(**words, role=role, rule=_rule(call.needs))
    return FORBIDDEN_BY_POLICY.format(**words)


def _rule(needed: Permission | None) -> str:
    """Return the rule of RBAC that grants a permission, as a part of a sentence."""
    if needed is None:
        return ""
    group = needed.group or '""'
    return RULE.format(group=group, resource=needed.resource, verb=needed.verb)


def _tls(error: ApiException, cluster: str) -> str:
    if "CERTIFICATE_VERIFY_FAILED" in str(error.reason):
        return UNTRUSTED.format(cluster=cluster)
    return NO_TLS.format(cluster=cluster)


def _status_object(error: ApiException) -> dict[str, Any] | None:
    """Return the server's Status object, or None for any other body, such as a proxy's error page."""
    try:
        body = json.loads(error.body or "")
    except (ValueError, TypeError):
        return None
    return body if isinstance(body, dict) and body.get("kind") == "Status" else None


def _retry_after(error: ApiException) -> float:
    headers = error.headers or {}
    return retry_after_seconds(headers.get("Retry-After"), datetime.now(UTC), default=10.0)
