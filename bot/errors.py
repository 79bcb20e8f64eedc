"""Errors, grouped by what the caller does next rather than by what broke.

There are three families: tell the person (:class:`UserError`), try again later (:class:`RetryLater`), and
stop until a person has looked (:class:`NeedsHuman`). Adapters translate the errors of every SDK into one of
them, ``from exc``.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType


class MaydayError(Exception):
    """The base of mayday's errors. The text is one sentence that can be shown to a person."""


class UserError(MaydayError):
    """The request is invalid or was refused: nothing happened, and the same request will fail again.

    The text says what the person should do. ``code`` is the outside system's name for the refusal
    (``name_taken``, ``missing_scope``), empty if mayday refused. ``field`` names the invalid input of a
    form, ``others`` the further ones with their texts.
    """

    def __init__(
        self,
        text: str,
        *,
        code: str = "",
        field: str = "",
        others: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        super().__init__(text)
        self.code = code
        self.field = field
        self.others = others


class RetryLater(MaydayError):
    """An outside system failed; the same request may succeed later.

    ``after`` is the minimum wait in seconds. ``maybe_done`` says that the request may have taken effect
    although no answer came: check before repeating it.
    """

    def __init__(self, text: str, *, after: float = 5.0, maybe_done: bool = True) -> None:
        super().__init__(text)
        self.after = after
        self.maybe_done = maybe_done


class NeedsHuman(MaydayError):
    """Continuing could do harm: a person has to check first."""


class ConfigError(UserError):
    """A value of ``mayday.yaml`` or of the environment cannot be used; the text names its key."""


class LeaseLost(BaseException):
    """This replica may not begin or end work any more: another one may be doing it.

    It is no failure of the work, so nothing that handles failures may catch and record it.
    """
