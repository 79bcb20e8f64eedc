"""Credentials from a kubeconfig's exec plugin, such as ``aws eks get-token``, with a time limit.

The official client waits for a plugin without limit, and when one fails it goes on without credentials.
The protocol is that of client-go: ``client.authentication.k8s.io``, ``ExecCredential``.
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


@dataclass(frozen=True, kw_only=True)
class ExecCredential:
    """What a plugin returned: a bearer token, or a certificate with its key (PEM), or both.

    ``expires`` is None for a credential that says nothing about its end.
    """

    token: str = field(repr=False)
    certificate: str = field(repr=False)
    key: str = field(repr=False)
    expires: datetime | None


@dataclass(frozen=True, kw_only=True)
class ExecPlugin:
    """A plugin as a kubeconfig's user names it.

    ``spec`` is the user's ``exec`` and ``cluster`` the context's cluster, both as they stand in the file
    in ``directory``. ``owner`` is what sentences call the cluster; ``limit`` is in seconds.
    """

    spec: Mapping[str, Any] = field(repr=False)
    cluster: Mapping[str, Any] = field(repr=False)
    directory: Path
    owner: str
    limit: float

    @property
    def title(self) -> str:
        """What sentences call it, without its arguments: those may hold secrets."""
        return f"The exec plugin {Path(str(self.spec.get('command'))).name} of cluster {self.owner}"

    def run(self) -> ExecCredential:
        """Run the plugin once.

        Raises:
            UserError: it is missing, fails, needs a person, or returns something else than a credential.
            RetryLater: it did not finish in time, and was killed with its children.
        """
        if not self.spec.get("command") or not self.spec.get("apiVersion"):
            raise self._refused(
                f"The exec plugin of cluster {self.owner} has no command or no apiVersion: complete "
                "it in the kubeconfig."
            )
        if self.spec.get("interactiveMode") == "Always":
            raise self._refused(
                f"{self.title} asks for a person at a terminal (interactiveMode: Always): use a "
                "service account's token in clusters[].kubeconfig instead."
            )
        return self._credential(self._output())

    def _output(self) -> bytes:
        # A file instead of a pipe: whatever a plugin leaves running cannot hold the reader back.
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
                raise self._refused(
                    f"{self.title} is not installed where mayday runs: install it, or use a service "
                    "account's token in clusters[].kubeconfig."
                ) from error
            except OSError as error:
                raise self._refused(
                    f"{self.title} cannot be started ({error.strerror}): correct its command in the "
                    "kubeconfig."
                ) from error
            try:
                status = process.wait(self.limit)
            except subprocess.TimeoutExpired as error:
                raise RetryLater(
                    f"{self.title} did not finish within {self.limit:g} seconds and was killed: run "
                    "it by hand where mayday runs, it may be waiting for a login.",
                    after=10.0,
                    maybe_done=False,
                ) from error
            finally:
                if process.returncode is None:
                    with contextlib.suppress(ProcessLookupError):
                        os.killpg(process.pid, signal.SIGKILL)
                    process.wait()
            if status:
                raise self._refused(
                    f"{self.title} failed with exit status {status}: run it by hand where mayday "
                    "runs and correct what it reports."
                )
            output.seek(0)
            return output.read()

    def _command(self) -> str:
        """A path is relative to the kubeconfig, a bare name is looked up in PATH."""
        command = str(self.spec["command"])
        return str(self.directory / command) if os.sep in command else command

    def _environment(self) -> dict[str, str]:
        info: dict[str, Any] = {"interactive": False}
        if self.spec.get("provideClusterInfo"):
            info["cluster"] = self._cluster_info()
        asked = {"apiVersion": self.spec["apiVersion"], "kind": "ExecCredential", "spec": info}
        extra = {str(item["name"]): str(item["value"]) for item in self.spec.get("env") or ()}
        return {**os.environ, **extra, "KUBERNETES_EXEC_INFO": json.dumps(asked)}

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
            said = json.loads(output)
            status = said["status"]
            if (said["kind"], said["apiVersion"]) != ("ExecCredential", self.spec["apiVersion"]):
                raise ValueError("another kind or apiVersion")
            token = status.get("token") or ""
            certificate = status.get("clientCertificateData") or ""
            key = status.get("clientKeyData") or ""
            if not (token or certificate) or bool(certificate) != bool(key):
                raise ValueError("no credential, or half of one")
            return ExecCredential(
                token=token, certificate=certificate, key=key, expires=_expires(status)
            )
        except (ValueError, TypeError, KeyError, AttributeError):
            # Without the cause: it would show what the plugin returned, which is secret.
            raise self._refused(
                f"{self.title} returned no ExecCredential of {self.spec['apiVersion']}: correct its "
                "apiVersion in the kubeconfig, or update the plugin."
            ) from None

    def _refused(self, text: str) -> UserError:
        return UserError(text, code="exec_plugin")


def _expires(status: Mapping[str, Any]) -> datetime | None:
    if not (text := status.get("expirationTimestamp")):
        return None
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
