"""What can be a name, a label's key or a label's value: objects and selectors share these rules."""

from __future__ import annotations

import re

LABEL = re.compile(r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")
SUBDOMAIN = re.compile(r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$")
_LABEL_VALUE = re.compile(r"^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$")
_NAME = re.compile(r"^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$")


def is_qualified(text: str) -> bool:
    """Whether a text can be a label's key: a name, perhaps after a domain and a slash."""
    prefix, slash, name = text.rpartition("/")
    if slash and (not SUBDOMAIN.match(prefix) or len(prefix) > 253):
        return False
    return len(name) <= 63 and bool(_NAME.match(name))


def is_label_value(text: str) -> bool:
    """Whether a text can be a label's value."""
    return len(text) <= 63 and bool(_LABEL_VALUE.match(text))
