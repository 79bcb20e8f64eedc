"""Reads the credentials of one context from a kubeconfig.

The official client ignores what it doesn't support and has no clear error for a file that is not a
kubeconfig, so the file is parsed here.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from kubernetes import client
from kubernetes.config.config_exception import ConfigException
from kubernetes.config.kube_config import KubeConfigLoader

from bot.adapters.kubernetes_contexts import CLUSTER_FILES, UNUSABLE, USER_FILES, KubeContext
from bot.adapters.kubernetes_exec import ExecPlugin
from bot.domain.addresses import is_plain
from bot.errors import UserError

RENEW_IT = "renew the token or the certificate in {path}"
CHECK_PLUGIN = "check the login that the exec plugin in {path} uses"
BAD_CHARACTERS = "has a token with invalid characters"
NOT_ENCRYPTED = "has an address that begins with http://, which sends tokens unencrypted"
NOT_VERIFIED = "has insecure-skip-tls-verify, so anybody on the way can read mayday's token"
SECURE_IT = (
    "use https:// with the cluster's certificate-authority, or add clusters.{cluster} to "
    "security.allow_insecure"
)


@dataclass(frozen=True, kw_only=True)
class Kubeconfig(KubeContext):
    """A context with its credentials. ``plugin_limit`` limits an exec plugin, in seconds.

    ``allow_insecure`` allows a cluster without TLS, or whose certificate isn't verified.
    """

    plugin_limit: float
    allow_insecure: bool = False

    def load(self, settings: client.Configuration) -> tuple[str, datetime | None]:
        """Write the address and credentials into the client's settings.

        Returns the advice for the case that the cluster refuses them, and their expiry.

        Raises:
            WrongCluster: the context leads to another cluster.
            UserError: the kubeconfig or its exec plugin cannot be used.
            RetryLater: the exec plugin did not finish in time.
        """
        advice, expires = RENEW_IT.format(path=self.path), None
        try:
            user, cluster = self.chosen()
            self._require_security(cluster)
            cluster = self.bound(cluster)
            if file := user.get("tokenFile"):
                user["token"] = self.beside(file).read_text(encoding="utf-8")
            if "exec" in user and not user.get("token"):
                advice = CHECK_PLUGIN.format(path=self.path)
                expires = self._run_plugin(user, cluster)
            if token := str(user.get("token") or "").strip():
                if not (token.isascii() and token.isprintable() and " " not in token):
                    raise self.wrong(BAD_CHARACTERS)
                user["token"] = token
            _load(settings, user, cluster, self.path.parent)
        except (ConfigException, OSError, ValueError, TypeError, KeyError, AttributeError):
            # Without the cause, which may show the file's content, such as a token.
            raise self.wrong(UNUSABLE) from None
        return advice, expires

    def files(self) -> tuple[Path, ...]:
        """Return the kubeconfig and the credential files that it names."""
        try:
            parts = zip(self.chosen(), (USER_FILES, CLUSTER_FILES), strict=True)
            named = [part[key] for part, keys in parts for key in keys if part.get(key)]
        except (UserError, ValueError, TypeError, AttributeError):
            named = []  # load() reports the error
        return self.path, *map(self.beside, named)

    def _run_plugin(self, user: dict[str, Any], cluster: Mapping[str, Any]) -> datetime | None:
        """Run the plugin, store its credential in ``user`` and return its expiry."""
        plugin = ExecPlugin(
            spec=user.pop("exec"),
            cluster=cluster,
            directory=self.path.parent,
            owner=self.binding.cluster,
            limit=self.plugin_limit,
        )
        credential = plugin.run()
        user["token"] = credential.token
        user["client-certificate-data"] = base64.b64encode(credential.certificate.encode()).decode()
        user["client-key-data"] = base64.b64encode(credential.key.encode()).decode()
        return credential.expires

    def _require_security(self, cluster: Mapping[str, Any]) -> None:
        """Return if credentials may be sent to the cluster, before an exec plugin makes some.

        Raises:
            UserError: the connection would not be encrypted, or the server not verified.
        """
        if self.allow_insecure:
            return
        for problem, found in (
            (NOT_ENCRYPTED, is_plain(str(cluster.get("server") or ""))),
            (NOT_VERIFIED, bool(cluster.get("insecure-skip-tls-verify"))),
        ):
            if found:
                raise self.wrong(problem, SECURE_IT.format(cluster=self.binding.cluster))


def _load(
    settings: client.Configuration,
    user: Mapping[str, Any],
    cluster: Mapping[str, Any],
    directory: Path,
) -> None:
    """Load one user and one cluster into the settings with the library."""
    chosen = {
        "current-context": "chosen",
        "contexts": [{"name": "chosen", "context": {"cluster": "chosen", "user": "chosen"}}],
        "clusters": [{"name": "chosen", "cluster": dict(cluster)}],
        "users": [{"name": "chosen", "user": {k: v for k, v in user.items() if v}}],
    }
    loader = KubeConfigLoader(chosen, config_base_path=str(directory))
    loader.load_and_set(settings)
    # The hook would write the same values again with each request.
    settings.refresh_api_key_hook = None
