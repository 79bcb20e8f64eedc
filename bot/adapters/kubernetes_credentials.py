"""API clients with valid credentials, from a kubeconfig or from the service account of mayday's pod.

Credentials change while mayday runs. A client is rebuilt if one of its files changes, if the credential of
its exec plugin expires, or if the cluster refuses it.
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

from bot.adapters.bounded import bind
from bot.adapters.kubernetes_binding import POD, Binding, WrongCluster
from bot.adapters.kubernetes_kubeconfig import Kubeconfig
from bot.errors import MaydayError, UserError

EXPIRES_SOON = timedelta(seconds=30)

NOT_IN_A_POD = (
    "mayday isn't running in a pod with a service account: set clusters[].kubeconfig of cluster "
    "{cluster}."
)
CHECK_SERVICE_ACCOUNT = "check the service account of mayday's pod"

Stamp = tuple[int, int, int] | None

CONNECTIONS = 16
"""Kept connections: as many as requests that one reading has under way."""


@dataclass(frozen=True, kw_only=True)
class Login:
    """A client, with advice for the case that the cluster refuses its credentials.

    ``files`` are the files it was built from, each with its stamp at that time.
    """

    client: client.ApiClient = field(repr=False)
    advice: str
    expires: datetime | None
    files: Mapping[Path, Stamp]

    @property
    def host(self) -> str:
        """The address of the API server."""
        return str(self.client.configuration.host)

    @property
    def is_outdated(self) -> bool:
        """Whether it expires soon or one of its files has changed."""
        expires = self.expires is not None and self.expires - EXPIRES_SOON <= datetime.now(UTC)
        return expires or any(_stamp(file) != stamp for file, stamp in self.files.items())

    def is_same_as(self, other: Login) -> bool:
        """Return whether both use the same credentials for the same server."""
        mine, theirs = self.client.configuration, other.client.configuration
        names = ("host", "api_key", "cert_file", "key_file", "ssl_ca_cert")
        same = all(getattr(mine, name) == getattr(theirs, name) for name in names)
        return same and self.files == other.files


class Credentials:
    """The credentials of one cluster. Safe for concurrent use.

    If ``kubeconfig`` is None, the service account of mayday's pod is used. Every login is compared with
    ``binding``. No file is read before the first :meth:`login`.
    """

    def __init__(self, *, kubeconfig: Kubeconfig | None, binding: Binding) -> None:
        self._kubeconfig = kubeconfig
        self._binding = binding
        self._guard = threading.Lock()
        self._login: Login | None = None
        self._failure: MaydayError | None = None
        self._failed_until = 0.0

    def login(self) -> Login:
        """Return a client whose credentials have not expired or changed.

        Raises:
            WrongCluster: they lead to another cluster.
            UserError: the kubeconfig, its exec plugin or the service account cannot be used.
            RetryLater: the exec plugin did not finish in time.
        """
        with self._guard:
            if self._login is None or self._login.is_outdated:
                self._login = self._make()
            return self._login

    def renewed(self, refused: Login) -> Login | None:
        """Return a client with credentials other than the refused ones, or None if there are none.

        Raises:
            UserError, RetryLater: as :meth:`login`.
        """
        with self._guard:
            if self._login is None or self._login is refused:
                self._login = self._make()
            return None if self._login.is_same_as(refused) else self._login

    def _make(self) -> Login:
        """Return a new client. A failure is raised again for as long as it took to occur.

        This way, threads that waited for a hanging plugin don't each wait for it again.
        """
        began = time.monotonic()
        if self._failure is not None and began < self._failed_until:
            raise self._failure.with_traceback(None)
        try:
            login = (
                self._from_kubeconfig(self._kubeconfig) if self._kubeconfig else self._from_pod()
            )
        except WrongCluster:
            raise  # found by the files alone, so nobody waited
        except MaydayError as error:
            ended = time.monotonic()
            self._failure, self._failed_until = error, ended + (ended - began)
            raise
        self._failure = None
        return login

    def _from_kubeconfig(self, kubeconfig: Kubeconfig) -> Login:
        # Stamps are taken before the files are read, so the next login detects a change in between.
        written = _stamp(kubeconfig.path)
        files = {file: _stamp(file) for file in kubeconfig.files()} | {kubeconfig.path: written}
        settings = client.Configuration()
        settings.connection_pool_maxsize = CONNECTIONS
        advice, expires = kubeconfig.load(settings)
        return _login(settings, files, advice, expires)

    def _from_pod(self) -> Login:
        token = Path(incluster_config.SERVICE_TOKEN_FILENAME)
        authority = Path(incluster_config.SERVICE_CERT_FILENAME)
        files = {file: _stamp(file) for file in (token, authority)}
        settings = client.Configuration()
        try:
            # The library's own token refresh is not thread-safe.
            config.load_incluster_config(client_configuration=settings, try_refresh_token=False)
        except (ConfigException, OSError) as error:
            raise UserError(
                NOT_IN_A_POD.format(cluster=self._binding.cluster), code="kubeconfig"
            ) from error
        self._binding.require(
            POD, server=settings.host, authority=authority.read_bytes(), verifies=True
        )
        return _login(settings, files, CHECK_SERVICE_ACCOUNT, None)


def _login(
    settings: client.Configuration,
    files: Mapping[Path, Stamp],
    advice: str,
    expires: datetime | None,
) -> Login:
    settings.retries = False
    made = client.ApiClient(settings)
    bind(made.rest_client.pool_manager)
    return Login(client=made, advice=advice, expires=expires, files=files)


def _stamp(file: Path) -> Stamp:
    """Return a stamp that changes with the file's content, or None if the file doesn't exist."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
