"""A kubeconfig: the credentials of one of its contexts, and why they cannot be had.

The file is read here and not by the official client, which ignores what it does not understand, and has
no sentence for a file that is not a kubeconfig.
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
from bot.errors import UserError

UNSUPPORTED = ("auth-provider", "as")
"""Keys of a user that the official client ignores, or obeys without a time limit."""

USER_FILES = ("tokenFile", "client-certificate", "client-key")
CLUSTER_FILES = ("certificate-authority",)


@dataclass(frozen=True, kw_only=True)
class Kubeconfig:
    """A context of the kubeconfig at ``path``; an empty ``context`` means the current one.

    ``cluster`` is what sentences call the cluster, ``plugin_limit`` the seconds for an exec plugin.
    """

    path: Path
    context: str
    cluster: str
    plugin_limit: float

    def load(self, settings: client.Configuration) -> tuple[str, datetime | None]:
        """Put address and credentials into the client's settings.

        Returns what to do when the cluster refuses them, and when they expire.

        Raises:
            UserError: they cannot be had.
            RetryLater: the exec plugin did not finish in time.
        """
        advice, expires = f"renew the token or the certificate in {self.path}", None
        try:
            user, cluster = self._chosen()
            if file := user.get("tokenFile"):
                user["token"] = self._beside(file).read_text(encoding="utf-8")
            if "exec" in user and not user.get("token"):
                advice = f"check the login that the exec plugin in {self.path} uses"
                expires = self._run_plugin(user, cluster)
            if token := str(user.get("token") or "").strip():
                if not (token.isascii() and token.isprintable() and " " not in token):
                    raise self._wrong("has a token with characters that no token has")
                user["token"] = token
            _load(settings, user, cluster, self.path.parent)
        except (ConfigException, OSError, ValueError, TypeError, KeyError, AttributeError):
            # Without the cause: it may show what is in the file, such as a token.
            raise self._wrong("has a context, cluster or user that cannot be used") from None
        return advice, expires

    def files(self) -> tuple[Path, ...]:
        """Every file that credentials are read from: the kubeconfig itself, and those that it names."""
        try:
            parts = zip(self._chosen(), (USER_FILES, CLUSTER_FILES), strict=True)
            named = [part[key] for part, keys in parts for key in keys if part.get(key)]
        except (UserError, ValueError, TypeError, AttributeError):
            named = []  # load() says why
        return self.path, *map(self._beside, named)

    def _run_plugin(self, user: dict[str, Any], cluster: Mapping[str, Any]) -> datetime | None:
        """Put the plugin's credential in its place; returns when it expires."""
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
        """The user and the cluster of the context, as they stand in the file.

        Raises:
            UserError: the file is no kubeconfig, or lacks what the context needs.
        """
        written = self._read()
        chosen = self.context or written.get("current-context")
        if not chosen:
            raise self._wrong("has no current context", "set clusters[].context")
        context = _entry(written, "context", chosen)
        if context is None:
            known = ", ".join(str(item.get("name")) for item in written["contexts"]) or "none"
            raise self._wrong(f"has no context {chosen}, only {known}", "set clusters[].context")
        cluster, name = _entry(written, "cluster", context.get("cluster")), context.get("user")
        user = _entry(written, "user", name) if name else {}
        if cluster is None or user is None:
            what = f"cluster {context.get('cluster')}" if cluster is None else f"user {name}"
            raise self._wrong(f"has no {what}, which its context {chosen} names")
        for key in UNSUPPORTED:
            if key in user:
                raise self._wrong(
                    f"has {key} for user {name}, which mayday does not support",
                    "use a token, a client certificate or an exec plugin",
                )
        for part, keys in ((user, USER_FILES), (cluster, CLUSTER_FILES)):
            for file in (self._beside(part[key]) for key in keys if part.get(key)):
                if not file.is_file():
                    raise self._wrong(f"names the file {file}, which does not exist")
        return user, cluster

    def _read(self) -> dict[str, Any]:
        try:
            written = yaml.safe_load(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise self._wrong("does not exist") from error
        except IsADirectoryError as error:
            raise self._wrong("is a directory") from error
        except PermissionError as error:
            raise self._wrong("cannot be read by mayday's user") from error
        except (OSError, ValueError, yaml.YAMLError):
            raise self._wrong("is not a kubeconfig") from None
        if written is None:
            raise self._wrong("is empty")
        if not isinstance(written, dict) or not isinstance(written.get("contexts"), list):
            raise self._wrong("is not a kubeconfig")
        return written

    def _beside(self, file: str) -> Path:
        """A file that the kubeconfig names: relative to its own folder."""
        return self.path.parent / Path(file).expanduser()

    def _wrong(self, what: str, remedy: str = "correct clusters[].kubeconfig") -> UserError:
        return UserError(
            f"The kubeconfig {self.path} of cluster {self.cluster} {what}: {remedy}.",
            code="kubeconfig",
        )


def _entry(written: Mapping[str, Any], kind: str, name: object) -> dict[str, Any] | None:
    """What the list of this kind says under this name; None without such an entry."""
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
    """Have the library read one user and one cluster."""
    chosen = {
        "current-context": "chosen",
        "contexts": [{"name": "chosen", "context": {"cluster": "chosen", "user": "chosen"}}],
        "clusters": [{"name": "chosen", "cluster": dict(cluster)}],
        "users": [{"name": "chosen", "user": {k: v for k, v in user.items() if v}}],
    }
    loader = KubeConfigLoader(chosen, config_base_path=str(directory))  # type: ignore[no-untyped-call]
    loader.load_and_set(settings)  # type: ignore[no-untyped-call]
    # The hook would write the same values into the settings again with each request.
    settings.refresh_api_key_hook = None
