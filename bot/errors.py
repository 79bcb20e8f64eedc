"""Errors, grouped by what the caller does next rather than by what broke.

There are three families: tell the person (:class:`UserError`), try again later (:class:`RetryLater`), and
stop until a person has looked (:class:`NeedsHuman`). Adapters translate the errors of every SDK into one of
them, ``from exc``.
"""

from __future__ import annotations


class MaydayError(Exception):
    """The base of every error that mayday raises. Its text is one sentence that can be shown to a person."""


class UserError(MaydayError):
    """The request is wrong or was refused: nothing happened, and the same request will fail again.

    The text says in one sentence what the person should do. ``code`` is the outside system's own
    name for the refusal (``name_taken``, ``missing_scope``), empty when mayday itself refused.
    ``field`` names the input that is wrong, where the request came from a form.
    """

    def __init__(self, text: str, *, code: str = "", field: str = "") -> None:
        super().__init__(text)
        self.code = code
        self.field = field


class RetryLater(MaydayError):
    """An outside system failed this time; the same request may work later.

    ``after`` is the least number of seconds to wait. ``maybe_done`` says that the effect may have
    happened although no answer came: look before repeating.
    """

    def __init__(self, text: str, *, after: float = 5.0, maybe_done: bool = True) -> None:
        super().__init__(text)
        self.after = after
        self.maybe_done = maybe_done


class NeedsHuman(MaydayError):
    """Continuing could do harm; a person has to look first."""


class ConfigError(UserError):
    """A value of ``mayday.yaml`` or of the environment cannot be used; the text names its key."""
