"""Runs the exec plugin of a kubeconfig, such as ``aws eks get-token``, with a time limit.

The official client waits for a plugin indefinitely and continues without credentials if it fails. The
protocol is client-go's ``ExecCredential`` (``client.authentication.k8s.io``).
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.errors import RetryLater, UserError

CONFIG_EXTENSION = "client.authentication.k8s.io/exec"

PLUGIN = "The exec plugin {command} of cluster {cluster}"
INCOMPLETE = (
    "The exec plugin of cluster {cluster} has no command or no apiVersion: complete it in the "
    "kubeconfig."
)
INTERACTIVE = (
    "{plugin} requires an interactive terminal (interactiveMode: Always): use a service account's "
    "token in clusters[].kubeconfig instead."
)
NOT_INSTALLED = (
    "{plugin} is not installed where mayday runs: install it, or use a service account's token in "
    "clusters[].kubeconfig."
)
NOT_STARTED = "{plugin} cannot be started ({reason}): correct its command in the kubeconfig."
TIMED_OUT = (
    "{plugin} did not finish within {limit:g} seconds and was killed: run it by hand where mayday "
    "runs, it may be waiting for a login."
)
FAILED = (
    "{plugin} failed with exit status {status}: run it by hand where mayday runs and correct what it "
    "reports."
)
NO_CREDENTIAL = (
    "{plugin} returned no ExecCredential of {version}: correct its apiVersion in the kubeconfig, or "
    "update the plugin."
)


@dataclass(frozen=True, kw_only=True)
class ExecCredential:
    """A plugin's credential: a bearer token, or a certificate with its key (PEM), or both.

    ``expires`` is None if the credential has no expiry.
    """

    token: str = field(repr=False)
    certificate: str = field(repr=False)
    key: str = field(repr=False)
    expires: datetime | None


@dataclass(frozen=True, kw_only=True)
class ExecPlugin:
    """The exec plugin of a kubeconfig's user.

    ``spec`` is the user's ``exec`` and ``cluster`` the context's cluster, both as in the kubeconfig in
    ``directory``. ``owner`` is the cluster's name in messages; ``limit`` is in seconds.
    """

    spec: Mapping[str, Any] = field(repr=False)
    cluster: Mapping[str, Any] = field(repr=False)
    directory: Path
    owner: str
    limit: float

    @property
    def title(self) -> str:
        """The plugin's name in messages, without its arguments, which may contain secrets."""
        command = Path(str(self.spec.get("command"))).name
        return PLUGIN.format(command=command, cluster=self.owner)

    def run(self) -> ExecCredential:
        """Run the plugin once.

        Raises:
            UserError: it is missing, fails, needs a terminal, or returns no credential.
            RetryLater: it did not finish in time and was killed with its children.
        """
        if not self.spec.get("command") or not self.spec.get("apiVersion"):
            raise self._error(INCOMPLETE.format(cluster=self.owner))
        if self.spec.get("interactiveMode") == "Always":
            raise self._error(INTERACTIVE.format(plugin=self.title))
        return self._credential(self._output())

    def _output(self) -> bytes:
        # A file instead of a pipe: a process that the plugin leaves running can't block the reader.
        with tempfile.TemporaryFile() as output:
            try:
                process = subprocess.Popen(  # noqa: S603 - the operator's kubeconfig names it
                    [self._command(), *map(str, self.spec.get("args") or ())],
                    env=self._environment(),
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                )
            except FileNotFoundError as error:
                raise self._error(NOT_INSTALLED.format(plugin=self.title)) from error
            except OSError as error:
                text = NOT_STARTED.format(plugin=self.title, reason=error.strerror)
                raise self._error(text) from error
            try:
                status = process.wait(self.limit)
            except subprocess.TimeoutExpired as error:
                raise RetryLater(
                    TIMED_OUT.format(plugin=self.title, limit=self.limit),
                    after=10.0,
                    maybe_done=False,
                ) from error
            finally:
                if process.returncode is None:
                    with contextlib.suppress(ProcessLookupError):
                        os.killpg(process.pid, signal.SIGKILL)
                    process.wait()
            if status:
                raise self._error(FAILED.format(plugin=self.title, status=status))
            output.seek(0)
            return output.read()

    def _command(self) -> str:
        """Return the command. A path is relative to the kubeconfig; a name is looked up in PATH."""
        command = str(self.spec["command"])
        return str(self.directory / command) if os.sep in command else command

    def _environment(self) -> dict[str, str]:
        info: dict[str, Any] = {"interactive": False}
        if self.spec.get("provideClusterInfo"):
            info["cluster"] = self._cluster_info()
        request = {"apiVersion": self.spec["apiVersion"], "kind": "ExecCredential", "spec": info}
        extra = {str(item["name"]): str(item["value"]) for item in self.spec.get("env") or ()}
        return {**os.environ, **extra, "KUBERNETES_EXEC_INFO": json.dumps(request)}

    def _cluster_info(self) -> dict[str, Any]:
        names = ("server", "tls-server-name", "insecure-skip-tls-verify", "proxy-url")
        info = {name: self.cluster[name] for name in names if name in self.cluster}
        if data := self.cluster.get("certificate-authority-data"):
            info["certificate-authority-data"] = data
        elif file := self.cluster.get("certificate-authority"):
            encoded = base64.b64encode((self.directory / file).read_bytes())
            info["certificate-authority-data"] = encoded.decode()
        for extension in self.cluster.get("extensions") or ():
            if extension.get("name") == CONFIG_EXTENSION:
                info["config"] = extension.get("extension")
        return info

    def _credential(self, output: bytes) -> ExecCredential:
        try:
            returned = json.loads(output)
            status = returned["status"]
            kind = (returned["kind"], returned["apiVersion"])
            if kind != ("ExecCredential", self.spec["apiVersion"]):
                raise ValueError("wrong kind or apiVersion")
            token = status.get("token") or ""
            certificate = status.get("clientCertificateData") or ""
            key = status.get("clientKeyData") or ""
            if not (token or certificate) or bool(certificate) != bool(key):
                raise ValueError("incomplete credential")
            return ExecCredential(
                token=token, certificate=certificate, key=key, expires=_expires(status)
            )
        except (ValueError, TypeError, KeyError, AttributeError):
            # Without the cause, which would show the plugin's output and with it a secret.
            text = NO_CREDENTIAL.format(plugin=self.title, version=self.spec["apiVersion"])
            raise self._error(text) from None

    def _error(self, text: str) -> UserError:
        return UserError(text, code="exec_plugin")


def _expires(status: Mapping[str, Any]) -> datetime | None:
    if not (text := status.get("expirationTimestamp")):
        return None
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
