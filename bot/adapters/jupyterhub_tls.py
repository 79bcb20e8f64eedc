"""The certificate authorities trusted for a hub, and the errors for certificates that are rejected."""

from __future__ import annotations

import ssl

import httpx

from bot.adapters.bounded_http import TLSFault, tls_fault
from bot.errors import ConfigError, RetryLater, UserError

NO_CERTIFICATE = (
    "hubs[].ca_bundle of {hub} ({file}) has no certificate in PEM format: set it to the PEM file of "
    "your site's certificate authority."
)
NOT_READABLE = (
    "hubs[].ca_bundle of {hub} ({file}) cannot be read ({reason}): set it to the PEM file of your "
    "site's certificate authority."
)
DISCONNECTED = "The TLS connection to hub {hub} at {url} was lost: check the hub."
NO_TLS = (
    "{url} of hub {hub} does not speak TLS with mayday ({reason}): check the port and the https in "
    "{key}."
)
REJECTED = "The certificate at {url} of hub {hub} {problem}: {remedy}."
OTHER_PROBLEM = "is not accepted ({reason})"
RENEW = "renew it"
CHECK_DATES = "check its dates and the clock of the machine that mayday runs on"
CHECK_NAME = "renew it for this name, or correct {key}"
ADD_TO_BUNDLE = "renew it, or add its authority to the file in hubs[].ca_bundle"
SET_BUNDLE = "renew it, or set hubs[].ca_bundle if your site has its own certificate authority"

_PROBLEMS = {
    TLSFault.EXPIRED: "has expired",
    TLSFault.NOT_YET_VALID: "is not valid yet",
    TLSFault.SELF_SIGNED: "is self-signed",
    TLSFault.UNKNOWN_ISSUER: "was issued by an unknown authority",
    TLSFault.WRONG_HOST: "is for another host name",
}


def trust(hub: str, ca_bundle: str) -> ssl.SSLContext:
    """Return a TLS context with the system's authorities and those in the PEM file ``ca_bundle``, if any.

    Raises:
        ConfigError: the file cannot be read or has no certificate.
    """
    context = httpx.create_ssl_context()
    context.load_default_certs()
    if not ca_bundle:
        return context
    try:
        context.load_verify_locations(cafile=ca_bundle)
    except ssl.SSLError as error:
        raise ConfigError(NO_CERTIFICATE.format(hub=hub, file=ca_bundle)) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(NOT_READABLE.format(hub=hub, file=ca_bundle, reason=reason)) from error
    return context


def tls_failure(
    error: BaseException, *, hub: str, url: str, key: str, ca_bundle: str
) -> UserError | RetryLater | None:
    """Return the error for a failed TLS connection, or None if TLS was not the reason.

    ``key`` is the configuration key of ``url``.
    """
    found = tls_fault(error)
    if found is None:
        return None
    fault, reason = found
    if fault is TLSFault.BROKEN:
        return RetryLater(DISCONNECTED.format(hub=hub, url=url), after=10.0)
    if fault is TLSFault.PROTOCOL:
        return UserError(NO_TLS.format(url=url, hub=hub, reason=reason, key=key), code="tls")
    problem = _PROBLEMS.get(fault, OTHER_PROBLEM.format(reason=reason))
    remedy = {
        TLSFault.EXPIRED: RENEW,
        TLSFault.NOT_YET_VALID: CHECK_DATES,
        TLSFault.WRONG_HOST: CHECK_NAME.format(key=key),
    }.get(fault, ADD_TO_BUNDLE if ca_bundle else SET_BUNDLE)
    text = REJECTED.format(url=url, hub=hub, problem=problem, remedy=remedy)
    return UserError(text, code="certificate")
