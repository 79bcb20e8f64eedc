"""Finds e-mail addresses, IP addresses and internal host names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_address

from bot.domain.redaction import email_spans
from bot.guard.spans import PLACEHOLDER, Finding, Kind

_IPV4 = re.compile(r"(?<![\w.-])(?:\d{1,3}\.){3}\d{1,3}(?![\w-]|\.\d)")
_IPV6 = re.compile(r"(?<![\w:.])(?:[0-9a-fA-F]{0,4}:){2,7}[0-9a-fA-F]{0,4}(?![\w:])")
_NODE_IP = re.compile(r"(?<![\w-])(?:ip|ec2)-\d{1,3}(?:-\d{1,3}){3}(?![\w-])")
_VERSION = re.compile(r"(?:version|release|chart|tag|==|>=|<=|~=|[ :]v)\s{0,2}$", re.IGNORECASE)
"""What stands before four numbers that are a version."""

_PRODUCT = re.compile(
    r"(?:kubernetes|k8s|z2jh|kubespawner|jupyter\w{0,10}|helm|python|docker|postgres\w{0,5}) $",
    re.IGNORECASE,
)
"""What stands before a version as well, if its first number has one digit."""

_USER_INFO = re.compile(r"://[^\s/]{0,200}$")
"""What stands before the password and host of a URL, which together look like an e-mail address."""

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(
    rf"""
    (?<![\w.@/-])(?:(?<=://)|(?<![/]))(?:{_LABEL}\.){{1,10}}
    (?:svc(?:\.cluster\.local)?|cluster\.local|pod|internal|intranet|corp|lan|localdomain|private|local
        |home\.arpa)
    (?![\w-]|\.\w|\()
    """,
    re.VERBOSE | re.IGNORECASE,
)
_IN_URL = re.compile(
    rf"(?<=://)(?:[^\s/@]{{1,100}}@)?(?P<host>(?:{_LABEL}\.){{0,10}}{_LABEL})(?=[:/?\#\s)>\]]|$)",
    re.IGNORECASE,
)
_CLEAR = ("svc", "cluster.local", "internal", "home.arpa")
_UNCLEAR = ("pod", "intranet", "corp", "lan", "localdomain", "private", "local")
"""Ends that ordinary words have too, such as ``threading.local``; they count with two labels before them,
with a digit or a hyphen, or in a URL."""
_CHART = frozenset({"hub", "proxy-api", "proxy-public", "proxy-http", "localhost"})
"""The names of Zero to JupyterHub's own Services, which every installation has."""


def addresses(text: str, public: frozenset[str]) -> Iterator[Finding]:
    """Yield the addresses and internal hosts in a text that are not ``public``."""
    for start, end in email_spans(text):
        if not _USER_INFO.search(text, max(0, start - 300), start):
            yield _found(text, start, end, Kind.EMAIL)
    for found in _IPV4.finditer(text):
        before = text[max(0, found.start() - 16) : found.start()]
        is_version = _VERSION.search(before) or (_PRODUCT.search(before) and found[0][1] == ".")
        if not is_version:
            yield from _ip(text, found, public)
    for found in _IPV6.finditer(text):
        groups = [group for group in found[0].split(":") if group]
        if len(groups) >= 3 or (len(groups) == 2 and any(len(group) > 2 for group in groups)):
            yield from _ip(text, found, public)
    for found in _NODE_IP.finditer(text):
        yield _found(text, *found.span(), Kind.ADDRESS)
    for found in _HOST.finditer(text):
        if found[0].lower() not in public and _is_host(text, found):
            yield _found(text, *found.span(), Kind.HOST)
    for found in _IN_URL.finditer(text):
        host = found["host"].lower()
        is_internal = "." not in host or host.endswith(tuple(f".{end}" for end in _UNCLEAR))
        is_example = found["host"].isupper() or PLACEHOLDER.fullmatch(host) or host.isdigit()
        if is_internal and not is_example and host not in _CHART | public:
            yield _found(text, *found.span("host"), Kind.HOST)


def _ip(text: str, found: re.Match[str], public: frozenset[str]) -> Iterator[Finding]:
    try:
        address = ip_address(found[0])
    except ValueError:
        return
    if not (address.is_loopback or address.is_unspecified or found[0] in public):
        yield _found(text, *found.span(), Kind.ADDRESS)


def _is_host(text: str, found: re.Match[str]) -> bool:
    name = found[0].lower()
    if name.endswith(tuple(f".{end}" for end in _CLEAR)):
        return name.count(".") > 1 or not name.endswith(".internal") or "-" in name
    before = name.rsplit(".", 1)[0]
    return "." in before or bool(re.search(r"[\d-]", before))


def _found(text: str, start: int, end: int, kind: Kind) -> Finding:
    return Finding(start=start, end=end, kind=kind, original=text[start:end].lower())
