"""Reads the certificate of a hub's public address, also an expired or untrusted one."""

from __future__ import annotations

import ssl

import httpx
from cryptography import x509
from cryptography.x509.oid import NameOID

from bot.adapters.bounded_http import BoundedClient
from bot.adapters.jupyterhub_tls import tls_failure
from bot.domain.signs import Certificate
from bot.errors import RetryLater, UserError

NO_ANSWER = "Nothing answers at {url} of hub {hub}, so its certificate is unknown."
UNREADABLE = "The certificate at {url} of hub {hub} cannot be read."


def read_certificate(hub: str, url: str, timeout: float) -> Certificate | None:
    """Return the certificate at ``url``; None for an address without TLS.

    Raises:
        UserError: no TLS is spoken there, or the certificate cannot be read.
        RetryLater: nothing answered within ``timeout`` seconds.
    """
    if not url.lower().startswith("https:"):
        return None
    # An expired certificate has a date, too. Nothing is sent over this connection.
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    tls.check_hostname = False
    tls.verify_mode = ssl.CERT_NONE
    try:
        found = BoundedClient(timeout=timeout, tls=tls).peer_certificate(url)
        certificate = x509.load_der_x509_certificate(found)
        return Certificate(
            subject=_name(certificate.subject),
            issuer=_name(certificate.issuer),
            expires_at=certificate.not_valid_after_utc,
        )
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        failure = tls_failure(error, hub=hub, url=url, key="hubs[].url", ca_bundle="")
        raise failure or RetryLater(NO_ANSWER.format(hub=hub, url=url), after=10.0) from error
    except ValueError as error:
        raise UserError(UNREADABLE.format(hub=hub, url=url), code="certificate") from error


def _name(name: x509.Name) -> str:
    """Return the common name, or the whole name without one."""
    common = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(common[0].value) if common else name.rfc4514_string()
