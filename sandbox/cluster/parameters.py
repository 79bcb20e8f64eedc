"""Reads query parameters as the API server does, which is written in Go."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sandbox.cluster.errors import bad_request


def is_true(value: str | None) -> bool:
    """Whether a parameter is set: by anything but 0 and false, even by nothing (``?watch=``)."""
    return value is not None and value.lower() not in ("0", "false")


def number(params: Mapping[str, str], name: str) -> int | None:
    """A parameter as a whole number, None if it is not given.

    Raises StatusError 400 for anything else.
    """
    value = params.get(name)
    if not value:
        return None
    if not re.fullmatch(r"[+-]?[0-9]+", value):
        raise bad_request(f'strconv.ParseInt: parsing "{value}": invalid syntax')
    return int(value)
