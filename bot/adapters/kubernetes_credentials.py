"""API clients with valid credentials, from a kubeconfig or from the service account of mayday's pod.

Tokens are renewed while mayday runs. So a client is rebuilt when a file that it was made from changes, when
its exec plugin's credential expires, and when the cluster refuses it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from kubernetes import client, config
from kubernetes.config import incluster_config
from kubernetes.config.config_exception import ConfigException

from bot.adapters.kubernetes_kubeconfig import Kubeconfig
from bot.errors import MaydayError, UserError

EXPIRES_SOON = timedelta(seconds=30)

Stamp = tuple[int, int, int] | None


@dataclass(frozen=True, kw_only=True)
class Login:
    """A client, and what to do when the cluster does not accept its credentials.

    ``files`` are those that it was made from, each with what it looked like then.
    """

    client: client.ApiClient = field(repr=False)
    advice: str
    expires: datetime | None
    files: Mapping[Path, Stamp]

    @property
    def host(self) -> str:
        """The address that it asks."""
        return str(self.client.configuration.host)

    @property
    def is_outdated(self) -> bool:
        """Whether it expires soon, or was made from files that have changed since."""
        expires = self.expires is not None and self.expires - EXPIRES_SOON <= datetime.now(UTC)
        return expires or any(_stamp(file) != stamp for file, stamp in self.files.items())

    def is_same_as(self, other: Login) -> bool:
        """Whether both present the same credentials to the same server."""
        mine, theirs = self.client.configuration, other.client.configuration
        names = ("host", "api_key", "cert_file", "key_file", "ssl_ca_cert")
        same = all(getattr(mine, name) == getattr(theirs, name) for name in names)
        return same and self.files == other.files


class Credentials:
    """The credentials of one cluster, for any number of threads.

    ``kubeconfig`` None means the service account of mayday's own pod. ``server``, where given, must be
    the API server that the context leads to. No file is read before the first :meth:`login`.
    """

    def __init__(self, *, cluster: str, kubeconfig: Kubeconfig | None, server: str) -> None:
        self._cluster = cluster
        self._kubeconfig = kubeconfig
        self._server = server
        self._guard = threading.Lock()
        self._login: Login | None = None
        self._failure: MaydayError | None = None
        self._failed_until = 0.0

    def login(self) -> Login:
        """A client whose credentials are valid as far as can be told without asking the cluster.

        Raises:
            UserError: the kubeconfig, its exec plugin or the service account cannot be used.
            RetryLater: the exec plugin did not finish in time.
        """
        with self._guard:
            if self._login is None or self._login.is_outdated:
                self._login = self._make()
            return self._login

    def renewed(self, refused: Login) -> Login | None:
        """A client with other credentials than the refused one; None where there are no others.

        Raises:
            UserError, RetryLater: as :meth:`login`.
        """
        with self._guard:
            if self._login is None or self._login is refused:
                self._login = self._make()
            return None if self._login.is_same_as(refused) else self._login

    def _make(self) -> Login:
        """A new client. A failure is repeated for as long as it took to find it.

        So threads that waited for a hanging plugin do not each wait for it once more.
        """
        began = time.monotonic()
        if self._failure is not None and began < self._failed_until:
            raise self._failure.with_traceback(None)
        try:
            login = (
                self._from_kubeconfig(self._kubeconfig) if self._kubeconfig else self._from_pod()
            )
        except MaydayError as error:
            ended = time.monotonic()
            self._failure, self._failed_until = error, ended + (ended - began)
            raise
        self._failure = None
        return login

    def _from_kubeconfig(self, kubeconfig: Kubeconfig) -> Login:
        # Looked at before they are read: a change in between is noticed at the next login.
        written = _stamp(kubeconfig.path)
        files = {file: _stamp(file) for file in kubeconfig.files()} | {kubeconfig.path: written}
        settings = client.Configuration()
        advice, expires = kubeconfig.load(settings)
        if self._server and settings.host.rstrip("/") != self._server.rstrip("/"):
            raise UserError(
                f"Context {kubeconfig.context or '(current)'} leads to {settings.host}, but cluster "
                f"{self._cluster} is {self._server}: correct clusters[].context or "
                "clusters[].server.",
                code="wrong_context",
            )
        return _login(settings, files, advice, expires)

    def _from_pod(self) -> Login:
        token = Path(incluster_config.SERVICE_TOKEN_FILENAME)
        authority = Path(incluster_config.SERVICE_CERT_FILENAME)
        files = {file: _stamp(file) for file in (token, authority)}
        settings = client.Configuration()
        try:
            # Without the library's own refreshing, which is not made for threads.
            config.load_incluster_config(  # type: ignore[no-untyped-call]
                client_configuration=settings, try_refresh_token=False
            )
        except (ConfigException, OSError) as error:
            raise UserError(
                "mayday does not run in a pod with a service account: set clusters[].kubeconfig of "
                f"cluster {self._cluster}.",
                code="kubeconfig",
            ) from error
        return _login(settings, files, "check the service account of mayday's own pod", None)


def _login(
    settings: client.Configuration,
    files: Mapping[Path, Stamp],
    advice: str,
    expires: datetime | None,
) -> Login:
    settings.retries = False
    return Login(client=client.ApiClient(settings), advice=advice, expires=expires, files=files)


def _stamp(file: Path) -> Stamp:
    """What changes when a file's content does; None for one that is not there."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
