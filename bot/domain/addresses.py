"""Which addresses may be used without TLS: those whose traffic leaves neither the machine nor the cluster."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

INTERNAL = (".svc", ".cluster.local")
"""The ends of a Service's names in a cluster (kubernetes.io, DNS for Services and Pods)."""
SERVICE = re.compile(r"[a-z][a-z0-9-]*")
"""A Service's name. It begins with a letter, so that no IP address is one, however it is written."""


def is_loopback(address: str) -> bool:
    """Return whether the URL names this machine."""
    host = _host(address)
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_plain(address: str) -> bool:
    """Return whether the URL sends everything, tokens included, unencrypted over a network."""
    return urlsplit(address).scheme == "http" and not is_loopback(address)


def is_internal(address: str, *, namespace: str) -> bool:
    """Return whether the URL names a Service of mayday's cluster: its name, or with its namespace."""
    host = _host(address)
    ends = (*INTERNAL, f".{namespace.lower()}")
    return bool(SERVICE.fullmatch(host)) or host.endswith(ends)


def is_below(address: str, *, base: str) -> bool:
    """Return whether the URL has the scheme of ``base``, and its host or a subdomain of that."""
    host, owner = _host(address), _host(base)
    # Libraries disagree about other characters, such as a backslash, so about where the host ends.
    if not re.fullmatch(r"[a-z0-9.-]+", host):
        return False
    same_scheme = urlsplit(address).scheme == urlsplit(base).scheme
    return same_scheme and (host == owner or host.endswith(f".{owner}"))


def _host(address: str) -> str:
    try:
        return (urlsplit(address).hostname or "").rstrip(".")
    except ValueError:
        return ""
