"""Types of single values in the configuration: tokens, addresses, words that people type.

They reject at startup what would otherwise fail during an incident: a token with a line break, an address
without ``https://``, a role of two words that no command can name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, SecretStr

from bot.config_messages import IANA_NAME

LONGEST_WORD = 40
LONGEST_OPTION = 75
"""The length of an option's text that Slack refuses to exceed."""
MOST_OPTIONS = 100
"""How many options Slack allows in a menu."""

DUPLICATE = "two are the same"
EMPTY = "it is empty"
BAD_CHARACTERS = "it has invalid characters: copy it again"
NOT_AN_ADDRESS = "write the whole address, https://…"
NOT_A_WORD = "write it as one word of at most {limit} characters, such as incident-commander"
NOT_A_HUB_NAME = "write it as one word of at most {limit} characters, such as data8"
NOT_AN_OPTION = "write it in 1 to {limit} characters"
TOO_MANY = "list at most {limit}: a menu in Slack has no more"
NOT_A_COMMAND = "write a command such as /incident: lower case, at most 32 characters"
OWNER_AND_NAME = "write it as owner/name"
NOT_LABELS = "write labels as Kubernetes does, such as node-pool: core"
NOT_AN_EMOJI = "write the emoji's name in Slack, such as fire"


class Section(BaseModel):
    """A section of the configuration."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


def require_unique(words: Sequence[str]) -> None:
    """Return if the words are unique, ignoring case, because people type them in any case.

    Raises:
        ValueError: two are the same.
    """
    if len({word.casefold() for word in words}) != len(words):
        raise ValueError(DUPLICATE)


def same_but_case(names: Iterable[str]) -> str:
    """Return the first names that differ in case only, as words of a sentence; empty without any."""
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(name.casefold(), []).append(f"“{name}”")
    return next((" and ".join(group) for group in groups.values() if len(group) > 1), "")


def require_zone(value: str) -> str:
    """Return the name of a zone.

    Raises:
        ValueError: there is none of this name.
    """
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(IANA_NAME) from None
    return value


def _token(value: SecretStr) -> SecretStr:
    text = value.get_secret_value().strip()
    if not text:
        raise ValueError(EMPTY)
    if not re.fullmatch(r"[!-~]+", text):
        raise ValueError(BAD_CHARACTERS)
    return SecretStr(text)


def _optional_token(value: SecretStr | None) -> SecretStr | None:
    return _token(value) if value and value.get_secret_value().strip() else None


def _command_name(value: str) -> str:
    if not re.fullmatch(r"/[a-z0-9_-]{1,31}", value):
        raise ValueError(NOT_A_COMMAND)
    return value


def _address(value: str) -> str:
    text = value.strip()
    try:
        parts = urlsplit(text)
        is_whole = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        is_whole = False
    if not is_whole:
        raise ValueError(NOT_AN_ADDRESS)
    return text


def _word(value: str) -> str:
    if not re.fullmatch(r"\S+", value) or len(value) > LONGEST_WORD:
        raise ValueError(NOT_A_WORD.format(limit=LONGEST_WORD))
    return value


def _option(value: str) -> str:
    if not value.strip() or len(value) > LONGEST_OPTION:
        raise ValueError(NOT_AN_OPTION.format(limit=LONGEST_OPTION))
    return value


def _hub_name(value: str) -> str:
    if not re.fullmatch(r"\S+", value) or len(value) > LONGEST_OPTION:
        raise ValueError(NOT_A_HUB_NAME.format(limit=LONGEST_OPTION))
    return value


def require_menu(options: Sequence[object]) -> None:
    """Return if the options fit in one menu.

    Raises:
        ValueError: they are too many.
    """
    if len(options) > MOST_OPTIONS:
        raise ValueError(TOO_MANY.format(limit=MOST_OPTIONS))


def _words(value: tuple[str, ...]) -> tuple[str, ...]:
    require_unique(value)
    require_menu(value)
    return value


def _repository_name(value: str) -> str:
    if value and (value.count("/") != 1 or not all(value.split("/"))):
        raise ValueError(OWNER_AND_NAME)
    return value


def _labels(value: dict[str, str]) -> dict[str, str]:
    """Return labels whose names and values have the syntax of Kubernetes."""
    word = r"[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
    host = r"[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?"
    for name, text in value.items():
        if not (re.fullmatch(f"(?:{host}/)?{word}", name) and re.fullmatch(f"(?:{word})?", text)):
            raise ValueError(NOT_LABELS)
    return value


def _emoji_name(value: str) -> str:
    name = value.strip().strip(":")
    if not re.fullmatch(r"[!-~]+", name):
        raise ValueError(NOT_AN_EMOJI)
    return name


def _optional_emoji_name(value: str) -> str:
    return _emoji_name(value) if value.strip() else ""


Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
Token = Annotated[SecretStr, AfterValidator(_token)]
OptionalToken = Annotated[SecretStr | None, AfterValidator(_optional_token)]
"""A blank token counts as unset."""

Address = Annotated[str, AfterValidator(_address)]
Word = Annotated[str, AfterValidator(_word)]
Words = Annotated[tuple[Word, ...], AfterValidator(_words)]
OptionText = Annotated[str, AfterValidator(_option)]
"""A name that a menu shows."""
HubName = Annotated[str, AfterValidator(_hub_name)]
"""The name of a hub, which people type among other words."""
OptionTexts = Annotated[tuple[OptionText, ...], AfterValidator(_words)]
CommandName = Annotated[str, AfterValidator(_command_name)]
EmojiName = Annotated[str, AfterValidator(_emoji_name)]
OptionalEmojiName = Annotated[str, AfterValidator(_optional_emoji_name)]
Labels = Annotated[dict[str, str], AfterValidator(_labels)]
"""Labels of Kubernetes by their names."""
RepositoryName = Annotated[str, AfterValidator(_repository_name)]
"""``owner/name``, or empty for none."""
