"""What the name of a cluster is bound to: the address of one API server, and its certificate authority.

Correct commands on the wrong cluster have caused outages: a context that was renamed or edited leads
elsewhere, with valid credentials. So every login is compared with what the configuration names.
"""

from __future__ import annotations

import hashlib
import os
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from bot.errors import UserError

POD = "The service account of mayday's pod"
POD_AUTHORITY = Path("/var/run/secrets/kubernetes.io/serviceaccount/ca.crt")
PORTS = {"https": 443, "http": 80}

WRONG_SERVER = (
    "{source} leads to {found}, but cluster {cluster} is {expected}: correct clusters[].context or "
    "clusters[].server."
)
WRONG_AUTHORITY = (
    "{source} trusts {found}, but cluster {cluster} is bound to {expected}: correct clusters[].context, or "
    "clusters[].{key} if the cluster has a new certificate authority."
)
AUTHORITY_UNREADABLE = (
    "clusters[].ca of cluster {cluster} names {file}, which has no certificate in PEM format."
)
NO_AUTHORITY = "every authority that its machine trusts"
NOT_VERIFIED = "any server, without verification"
FINGERPRINT = "the certificate authority with SHA-256 {prints}"

_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


class WrongCluster(UserError):
    """A login leads to another cluster than the one that the configuration names. Nothing was sent."""


@dataclass(frozen=True, kw_only=True)
class Binding:
    """What a cluster must be. Whatever is empty is not compared.

    ``ca`` is a PEM file with the certificates of its authority, ``ca_sha256`` the fingerprint of the only
    one, in lower case without colons.
    """

    cluster: str
    server: str = ""
    ca: Path | None = None
    ca_sha256: str = ""

    def require(self, source: str, *, server: str, authority: bytes | None, verifies: bool) -> None:
        """Return if a login is for this cluster. ``source`` names the login in the error.

        ``authority`` are the PEM certificates that it trusts, ``verifies`` says whether it verifies at all.

        Raises:
            WrongCluster: the address or the authority is another one.
            UserError: the file ``ca`` can't be used.
        """
        if self.server and address(server) != address(self.server):
            raise WrongCluster(
                WRONG_SERVER.format(
                    source=source, found=server, cluster=self.cluster, expected=self.server
                ),
                code="wrong_context",
            )
        found = fingerprints(authority or b"")
        for key, expected in self._authorities().items():
            # Each authority that a login trusts could vouch for another server.
            if not verifies or not found or not found <= expected:
                trusted = _words(found) if found else NO_AUTHORITY
                raise WrongCluster(
                    WRONG_AUTHORITY.format(
                        source=source,
                        found=trusted if verifies else NOT_VERIFIED,
                        cluster=self.cluster,
                        expected=_words(expected),
                        key=key,
                    ),
                    code="wrong_context",
                )

    def _authorities(self) -> Mapping[str, frozenset[str]]:
        """Return the fingerprints that may be trusted, by the key that names them."""
        named: dict[str, frozenset[str]] = {}
        if self.ca_sha256:
            named["ca_sha256"] = frozenset({self.ca_sha256})
        if self.ca is not None:
            try:
                named["ca"] = fingerprints(self.ca.expanduser().read_bytes())
            except OSError:
                named["ca"] = frozenset()
            if not named["ca"]:
                text = AUTHORITY_UNREADABLE.format(cluster=self.cluster, file=self.ca)
                raise UserError(text, code="kubeconfig")
        return named


def address(server: str) -> tuple[str, str, int | None, str]:
    """Return the parts of an address that say which server it is."""
    parts = urlsplit(server.strip())
    try:
        port = parts.port
    except ValueError:
        return "", server, None, ""
    return (
        parts.scheme,
        parts.hostname or "",
        port or PORTS.get(parts.scheme),
        parts.path.rstrip("/"),
    )


def fingerprints(pem: bytes) -> frozenset[str]:
    """Return the SHA-256 fingerprints of the certificates in a PEM file."""
    found = _CERTIFICATE.findall(pem.decode("ascii", errors="replace"))
    try:
        return frozenset(hashlib.sha256(ssl.PEM_cert_to_DER_cert(one)).hexdigest() for one in found)
    except ValueError:
        return frozenset()


def require_pod_bound(binding: Binding) -> None:
    """Return if the service account of mayday's pod, where it has one, is for this cluster.

    Raises:
        WrongCluster: it is for another one.
        UserError: the file ``ca`` of the binding can't be used.
    """
    host, port = (os.environ.get(f"KUBERNETES_SERVICE_{name}") for name in ("HOST", "PORT"))
    if not host or not port or not POD_AUTHORITY.is_file():
        return  # there is no login at all, which its first use says
    server = f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"
    binding.require(POD, server=server, authority=POD_AUTHORITY.read_bytes(), verifies=True)


def _words(prints: frozenset[str]) -> str:
    return FINGERPRINT.format(prints=" or ".join(sorted(prints)))
