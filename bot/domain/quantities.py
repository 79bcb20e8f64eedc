"""Sizes as Kubernetes writes them."""

from __future__ import annotations

import re
from decimal import Decimal

_UNITS = {"Mi": 2**20, "Gi": 2**30, "Ti": 2**40}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(Mi|Gi|Ti)")


def bytes_of(size: str) -> int | None:
    """Return the bytes of a size such as ``50Gi``; None if it isn't one."""
    match = _SIZE.fullmatch(size.strip())
    return int(Decimal(match[1]) * _UNITS[match[2]]) if match else None


def size_of(number: int | None) -> str:
    """Return bytes as a size such as ``50Gi``, rounded to a hundredth; a question mark if unknown."""
    if number is None:
        return "?"
    unit = next((unit for unit in ("Ti", "Gi") if number >= _UNITS[unit]), "Mi")
    shown = f"{number / _UNITS[unit]:.2f}".rstrip("0").rstrip(".")
    return f"{shown}{unit}"
