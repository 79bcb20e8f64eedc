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

import yaml
from kubernetes import client
from kubernetes.config.config_exception import ConfigException
from kubernetes.config.kube_config import KubeConfigLoader

from bot.adapters.kubernetes_exec import ExecPlugin
from bot.domain.addresses import is_plain
from bot.errors import UserError

UNSUPPORTED = ("auth-provider", "as")
"""Keys of a user that the official client ignores, or runs without a time limit."""

WRONG = "The kubeconfig {path} of cluster {cluster} {problem}: {remedy}."
CORRECT_IT = "correct clusters[].kubeconfig"
SET_CONTEXT = "set clusters[].context"
SUPPORTED = "use a token, a client certificate or an exec plugin"
RENEW_IT = "renew the token or the certificate in {path}"
CHECK_PLUGIN = "check the login that the exec plugin in {path} uses"
BAD_CHARACTERS = "has a token with invalid characters"
UNUSABLE = "has a context, cluster or user that cannot be used"
NO_CURRENT_CONTEXT = "has no current context"
NO_CONTEXT = "has no context {name}, only {known}"
NO_ENTRY = "has no {what}, which its context {context} names"
NOT_SUPPORTED = "has {key} for user {user}, which mayday does not support"
NO_FILE = "names the file {file}, which does not exist"
NOT_ENCRYPTED = "has an address that begins with http://, which sends tokens unencrypted"
NOT_VERIFIED = "has insecure-skip-tls-verify, so anybody on the way can read mayday's token"
SECURE_IT = (
    "use https:// with the cluster's certificate-authority, or add clusters.{cluster} to "
    "security.allow_insecure"
)
DOES_NOT_EXIST = "does not exist"
IS_A_DIRECTORY = "is a directory"
NOT_READABLE = "cannot be read by mayday's user"
NOT_A_KUBECONFIG = "is not a kubeconfig"
IS_EMPTY = "is empty"

USER_FILES = ("tokenFile", "client-certificate", "client-key")
CLUSTER_FILES = ("certificate-authority",)


@dataclass(frozen=True, kw_only=True)
class Kubeconfig:
    """A context of the kubeconfig at ``path``; an empty ``context`` means the current one.

    ``cluster`` is the cluster's name in messages; ``plugin_limit`` limits an exec plugin, in seconds.
    ``allow_insecure`` allows a cluster without TLS, or whose certificate isn't verified.
    """

    path: Path
    context: str
    cluster: str
    plugin_limit: float
    allow_insecure: bool = False

    def load(self, settings: client.Configuration) -> tuple[str, datetime | None]:
        """Write the address and credentials into the client's settings.

        Returns the advice for the case that the cluster refuses them, and their expiry.

        Raises:
            UserError: the kubeconfig or its exec plugin cannot be used.
            RetryLater: the exec plugin did not finish in time.
        """
        advice, expires = RENEW_IT.format(path=self.path), None
        try:
            user, cluster = self._chosen()
            self._require_security(cluster)
            if file := user.get("tokenFile"):
                user["token"] = self._beside(file).read_text(encoding="utf-8")
            if "exec" in user and not user.get("token"):
                advice = CHECK_PLUGIN.format(path=self.path)
                expires = self._run_plugin(user, cluster)
            if token := str(user.get("token") or "").strip():
                if not (token.isascii() and token.isprintable() and " " not in token):
                    raise self._wrong(BAD_CHARACTERS)
                user["token"] = token
            _load(settings, user, cluster, self.path.parent)
        except (ConfigException, OSError, ValueError, TypeError, KeyError, AttributeError):
            # Without the cause, which may show the file's content, such as a token.
            raise self._wrong(UNUSABLE) from None
        return advice, expires

    def files(self) -> tuple[Path, ...]:
        """Return the kubeconfig and the credential files that it names."""
        try:
            parts = zip(self._chosen(), (USER_FILES, CLUSTER_FILES), strict=True)
            named = [part[key] for part, keys in parts for key in keys if part.get(key)]
        except (UserError, ValueError, TypeError, AttributeError):
            named = []  # load() reports the error
        return self.path, *map(self._beside, named)

    def _run_plugin(self, user: dict[str, Any], cluster: Mapping[str, Any]) -> datetime | None:
        """Run the plugin, store its credential in ``user`` and return its expiry."""
        plugin = ExecPlugin(
            spec=user.pop("exec"),
            cluster=cluster,
            directory=self.path.parent,
            owner=self.cluster,
            limit=self.plugin_limit,
        )
        credential = plugin.run()
        user["token"] = credential.token
        user["client-certificate-data"] = base64.b64encode(credential.certificate.encode()).decode()
        user["client-key-data"] = base64.b64encode(credential.key.encode()).decode()
        return credential.expires

    def _chosen(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the user and the cluster of the context, as in the file.

        Raises:
            UserError: the file is not a kubeconfig, or an entry of the context is missing.
        """
        written = self._read()
        chosen = self.context or written.get("current-context")
        if not chosen:
            raise self._wrong(NO_CURRENT_CONTEXT, SET_CONTEXT)
        context = _entry(written, "context", chosen)
        if context is None:
            known = ", ".join(str(item.get("name")) for item in written["contexts"]) or "none"
            raise self._wrong(NO_CONTEXT.format(name=chosen, known=known), SET_CONTEXT)
        cluster, name = _entry(written, "cluster", context.get("cluster")), context.get("user")
        user = _entry(written, "user", name) if name else {}
        if cluster is None or user is None:
            what = f"cluster {context.get('cluster')}" if cluster is None else f"user {name}"
            raise self._wrong(NO_ENTRY.format(what=what, context=chosen))
        for key in UNSUPPORTED:
            if key in user:
                raise self._wrong(NOT_SUPPORTED.format(key=key, user=name), SUPPORTED)
        for part, keys in ((user, USER_FILES), (cluster, CLUSTER_FILES)):
            for file in (self._beside(part[key]) for key in keys if part.get(key)):
                if not file.is_file():
                    raise self._wrong(NO_FILE.format(file=file))
        return user, cluster

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
                raise self._wrong(problem, SECURE_IT.format(cluster=self.cluster))

    def _read(self) -> dict[str, Any]:
        try:
            written = yaml.safe_load(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise self._wrong(DOES_NOT_EXIST) from error
        except IsADirectoryError as error:
            raise self._wrong(IS_A_DIRECTORY) from error
        except PermissionError as error:
            raise self._wrong(NOT_READABLE) from error
        except (OSError, ValueError, yaml.YAMLError):
            raise self._wrong(NOT_A_KUBECONFIG) from None
        if written is None:
            raise self._wrong(IS_EMPTY)
        if not isinstance(written, dict) or not isinstance(written.get("contexts"), list):
            raise self._wrong(NOT_A_KUBECONFIG)
        return written

    def _beside(self, file: str) -> Path:
        """Return the path of a file, relative to the kubeconfig's directory."""
        return self.path.parent / Path(file).expanduser()

    def _wrong(self, problem: str, remedy: str = CORRECT_IT) -> UserError:
        text = WRONG.format(path=self.path, cluster=self.cluster, problem=problem, remedy=remedy)
        return UserError(text, code="kubeconfig")


def _entry(written: Mapping[str, Any], kind: str, name: object) -> dict[str, Any] | None:
    """Return the entry of this kind and name, or None."""
    for item in written.get(f"{kind}s") or ():
        if item.get("name") == name:
            return dict(item.get(kind) or {})
    return None


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
