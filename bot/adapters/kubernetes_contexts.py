"""Reads which cluster and user a context of a kubeconfig names, and compares the cluster with its binding.

Kubernetes' client is not imported here: mayday compares before it starts, and need not wait for it.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bot.adapters.kubernetes_binding import Binding, WrongCluster
from bot.errors import UserError

UNSUPPORTED = ("auth-provider", "as")
"""Keys of a user that the official client ignores, or runs without a time limit."""

WRONG = "The kubeconfig {path} of cluster {cluster} {problem}: {remedy}."
CORRECT_IT = "correct clusters[].kubeconfig"
SET_CONTEXT = "set clusters[].context"
SUPPORTED = "use a token, a client certificate or an exec plugin"
UNUSABLE = "has a context, cluster or user that cannot be used"
NO_CONTEXT = "has no context {name}, only {known}"
NO_ENTRY = "has no {what}, which its context {context} names"
NOT_SUPPORTED = "has {key} for user {user}, which mayday does not support"
NO_FILE = "names the file {file}, which does not exist"
DOES_NOT_EXIST = "does not exist"
IS_A_DIRECTORY = "is a directory"
NOT_READABLE = "cannot be read by mayday's user"
NOT_A_KUBECONFIG = "is not a kubeconfig"
IS_EMPTY = "is empty"
USER_FILES = ("tokenFile", "client-certificate", "client-key")
CLUSTER_FILES = ("certificate-authority",)
SOURCE = "Context {context} of {path}"


@dataclass(frozen=True, kw_only=True)
class KubeContext:
    """A ``context`` of the kubeconfig at ``path``; ``binding`` says which cluster it must lead to."""

    path: Path
    context: str
    binding: Binding

    def require_bound(self) -> None:
        """Return if the context leads to the right cluster, by the file alone.

        Raises:
            WrongCluster: it doesn't, or there is no such context.
            UserError: the file can't be used.
        """
        try:
            _user, cluster = self.chosen()
            self.bound(cluster)
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            raise self.wrong(UNUSABLE) from None

    def bound(self, cluster: Mapping[str, Any]) -> dict[str, Any]:
        """Return the cluster of the context, as it was compared: with its certificate authority in it.

        Raises:
            WrongCluster: it is not the right cluster.
        """
        authority, compared = None, dict(cluster)
        if data := cluster.get("certificate-authority-data"):
            authority = base64.b64decode(data)
        elif file := cluster.get("certificate-authority"):
            authority = self.beside(file).read_bytes()
            compared["certificate-authority-data"] = base64.b64encode(authority).decode()
        self.binding.require(
            SOURCE.format(context=self.context, path=self.path),
            server=str(cluster.get("server") or ""),
            authority=authority,
            verifies=not cluster.get("insecure-skip-tls-verify"),
        )
        return compared

    def chosen(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the user and the cluster of the context, as in the file.

        Raises:
            UserError: the file is not a kubeconfig, or an entry of the context is missing.
        """
        written = self._read()
        context = _entry(written, "context", self.context)
        if context is None:
            known = ", ".join(str(item.get("name")) for item in written["contexts"]) or "none"
            missing = self.wrong(NO_CONTEXT.format(name=self.context, known=known), SET_CONTEXT)
            raise WrongCluster(str(missing), code="wrong_context")
        cluster, name = _entry(written, "cluster", context.get("cluster")), context.get("user")
        user = _entry(written, "user", name) if name else {}
        if cluster is None or user is None:
            what = f"cluster {context.get('cluster')}" if cluster is None else f"user {name}"
            raise self.wrong(NO_ENTRY.format(what=what, context=self.context))
        for key in UNSUPPORTED:
            if key in user:
                raise self.wrong(NOT_SUPPORTED.format(key=key, user=name), SUPPORTED)
        for part, keys in ((user, USER_FILES), (cluster, CLUSTER_FILES)):
            for file in (self.beside(part[key]) for key in keys if part.get(key)):
                if not file.is_file():
                    raise self.wrong(NO_FILE.format(file=file))
        return user, cluster

    def _read(self) -> dict[str, Any]:
        try:
            written = yaml.safe_load(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise self.wrong(DOES_NOT_EXIST) from error
        except IsADirectoryError as error:
            raise self.wrong(IS_A_DIRECTORY) from error
        except PermissionError as error:
            raise self.wrong(NOT_READABLE) from error
        except (OSError, ValueError, yaml.YAMLError):
            raise self.wrong(NOT_A_KUBECONFIG) from None
        if written is None:
            raise self.wrong(IS_EMPTY)
        if not isinstance(written, dict) or not isinstance(written.get("contexts"), list):
            raise self.wrong(NOT_A_KUBECONFIG)
        return written

    def beside(self, file: str) -> Path:
        """Return the path of a file, relative to the kubeconfig's directory."""
        return self.path.parent / Path(file).expanduser()

    def wrong(self, problem: str, remedy: str = CORRECT_IT) -> UserError:
        """Return the error for what is wrong with the file, and what to do about it."""
        text = WRONG.format(
            path=self.path, cluster=self.binding.cluster, problem=problem, remedy=remedy
        )
        return UserError(text, code="kubeconfig")


def _entry(written: Mapping[str, Any], kind: str, name: object) -> dict[str, Any] | None:
    """Return the entry of this kind and name, or None."""
    for item in written.get(f"{kind}s") or ():
        if item.get("name") == name:
            return dict(item.get(kind) or {})
    return None
