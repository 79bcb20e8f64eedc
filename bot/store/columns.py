"""Column types that can store every value: what a database refuses is replaced before it is sent.

PostgreSQL stores neither U+0000 nor a lone surrogate, and no more characters than a column allows; SQLite
stores no lone surrogate. Slack's messages may contain all of them. The types change values in conditions
the same way, so a row is found by the value that it was stored with.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Dialect, TypeDecorator

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_ESCAPED = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
"""What :data:`_UNSTORABLE` looks like in JSON, which also writes an emoji as two surrogates."""

_DIGEST = 16
"""Characters of the digest that ends a shortened value."""


def storable(text: str) -> str:
    """The text with U+FFFD in place of each character that cannot be stored."""
    if text.isascii() and "\x00" not in text:
        return text
    return _UNSTORABLE.sub("\ufffd", text)


def shortened(text: str, length: int) -> str:
    """The text, or its beginning and a digest where it is longer, so that different texts stay different."""
    if len(text) <= length:
        return text
    return text[: length - _DIGEST] + sha256(text.encode()).hexdigest()[:_DIGEST]


def to_json(value: Any) -> str:
    """The value as JSON that can be stored; numbers that JSON doesn't have become null."""
    try:
        text = json.dumps(value, allow_nan=False)
    except ValueError:
        text = ""
    if text and not _ESCAPED.search(text):
        return text
    return json.dumps(_clean(value))


def _clean(value: Any) -> Any:
    match value:
        case str():
            return storable(value)
        case float():
            return value if abs(value) < float("inf") else None
        case dict():
            return {_clean(key): _clean(one) for key, one in value.items()}
        case list() | tuple():
            return [_clean(one) for one in value]
        case _:
            return value


class String(TypeDecorator[str]):
    """Text of at most ``length`` characters; longer text is shortened."""

    impl = sa.String
    cache_ok = True

    def __init__(self, length: int) -> None:
        super().__init__(length)
        self.length = length

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Make the value storable."""
        return None if value is None else shortened(storable(value), self.length)


class Text(TypeDecorator[str]):
    """Text of any length."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Make the value storable."""
        return None if value is None else storable(value)


class UtcDateTime(TypeDecorator[datetime]):
    """A UTC moment. SQLite stores no zone, so the column removes it on writing and adds it on reading.

    Raises:
        ValueError: the value is naive.
    """

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Convert to UTC; refuse naive values."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Convert to aware UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


NOW: sa.ColumnElement[datetime] = sa.func.clock_timestamp(type_=UtcDateTime)
"""The time by the database's clock. ``engine`` defines the function for SQLite."""
