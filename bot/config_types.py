"""What a single value of the configuration may be: a token, an address, a word that people type.

Each refuses at start what would otherwise fail in the middle of an incident: a token with a line's end
in it, an address without ``https://``, a role of two words that no command can name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, SecretStr

LONGEST_WORD = 40


def different(words: Sequence[str]) -> None:
    """Return if no two are the same, however they are written; people type them in any case.

    Raises:
        ValueError: two are.
    """
    if len({word.casefold() for word in words}) != len(words):
        raise ValueError("two are the same")


def _token(value: SecretStr) -> SecretStr:
    text = value.get_secret_value().strip()
    if not text:
        raise ValueError("it is empty")
    if not re.fullmatch(r"[!-~]+", text):
        raise ValueError("it has characters that no token has: copy it again")
    return SecretStr(text)


def _optional_token(value: SecretStr | None) -> SecretStr | None:
    return _token(value) if value and value.get_secret_value().strip() else None


def _address(value: str) -> str:
    text = value.strip()
    try:
        parts = urlsplit(text)
        is_whole = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        is_whole = False
    if not is_whole:
        raise ValueError("write the whole address, https://…")
    return text


def _word(value: str) -> str:
    if not re.fullmatch(r"\S+", value) or len(value) > LONGEST_WORD:
        raise ValueError(
            f"write it as one word of at most {LONGEST_WORD} characters, such as incident-commander"
        )
    return value


def _words(value: tuple[str, ...]) -> tuple[str, ...]:
    different(value)
    return value


def _emoji_name(value: str) -> str:
    name = value.strip().strip(":")
    if not re.fullmatch(r"[!-~]+", name):
        raise ValueError("write the emoji's name in Slack, such as fire")
    return name


Token = Annotated[SecretStr, AfterValidator(_token)]
OptionalToken = Annotated[SecretStr | None, AfterValidator(_optional_token)]
"""A blank one is none."""

Address = Annotated[str, AfterValidator(_address)]
Word = Annotated[str, AfterValidator(_word)]
Words = Annotated[tuple[Word, ...], AfterValidator(_words)]
EmojiName = Annotated[str, AfterValidator(_emoji_name)]
