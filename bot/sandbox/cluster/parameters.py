"""Reads query parameters as the API server does, which is written in Go."""

from __future__ import annotations

from collections.abc import Mapping

from bot.sandbox.cluster.errors import bad_request

# What Go's strconv.ParseBool takes for true; the asynchronous Python client sends "True".
_TRUE = {"1", "t", "T", "true", "TRUE", "True"}


def is_true(value: str | None) -> bool:
    """Whether a parameter is set."""
    return value in _TRUE


def number(params: Mapping[str, str], name: str) -> int | None:
    """A parameter as a number that is not negative, None if it is not given.

    Raises StatusError 400 for anything else.
    """
    value = params.get(name)
    if not value:
        return None
    if not value.isdigit():
        raise bad_request(f'invalid {name}: "{value}" is not a number')
    return int(value)
