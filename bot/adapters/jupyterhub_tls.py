"""Whom mayday trusts when it connects to a hub, and the sentences for certificates that it does not."""

from __future__ import annotations

import ssl

import httpx

from bot.adapters.bounded_http import TLSFault, tls_fault
from bot.errors import ConfigError, RetryLater, UserError

_WHAT = {
    TLSFault.EXPIRED: "has expired",
    TLSFault.NOT_YET_VALID: "is not valid yet",
    TLSFault.SELF_SIGNED: "is self-signed",
    TLSFault.UNKNOWN_ISSUER: "was issued by an unknown authority",
    TLSFault.WRONG_HOST: "is for another host name",
}


def trust(hub: str, ca_bundle: str) -> ssl.SSLContext:
    """The usual authorities, and those of the PEM file ``ca_bundle`` unless that is empty.

    Raises:
        ConfigError: the file cannot be read or holds no certificate.
    """
    context = httpx.create_ssl_context()
    context.load_default_certs()
    if not ca_bundle:
        return context
    try:
        context.load_verify_locations(cafile=ca_bundle)
    except ssl.SSLError as error:
        raise ConfigError(
            f"hubs[].ca_bundle of {hub} ({ca_bundle}) holds no certificate in PEM form: "
            "set it to the PEM file of your site's certificate authority."
        ) from error
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise ConfigError(
            f"hubs[].ca_bundle of {hub} ({ca_bundle}) cannot be read ({why}): "
            "set it to the PEM file of your site's certificate authority."
        ) from error
    return context


def tls_failure(
    error: BaseException, *, hub: str, url: str, key: str, ca_bundle: str
) -> UserError | RetryLater | None:
    """What to raise for a TLS connection that failed; None when TLS was not the reason.

    ``key`` is the configuration key of ``url``.
    """
    found = tls_fault(error)
    if found is None:
        return None
    fault, words = found
    if fault is TLSFault.BROKEN:
        return RetryLater(
            f"The TLS connection to hub {hub} at {url} broke: mayday tries again.", after=10.0
        )
    if fault is TLSFault.PROTOCOL:
        return UserError(
            f"{url} of hub {hub} does not speak TLS with mayday ({words}): check the port and "
            f"the https in {key}.",
            code="tls",
        )
    what = _WHAT.get(fault, f"is not accepted ({words})")
    remedy = {
        TLSFault.EXPIRED: "renew it",
        TLSFault.NOT_YET_VALID: "check its dates and the clock of the machine that mayday runs on",
        TLSFault.WRONG_HOST: f"renew it for this name, or correct {key}",
    }.get(fault, _own_authority(ca_bundle))
    return UserError(f"The certificate at {url} of hub {hub} {what}: {remedy}.", code="certificate")


def _own_authority(ca_bundle: str) -> str:
    if ca_bundle:
        return "renew it, or add its authority to the file in hubs[].ca_bundle"
    return "renew it, or set hubs[].ca_bundle if your site has its own certificate authority"
