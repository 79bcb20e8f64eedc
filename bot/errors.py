"""Failures, sorted by what the caller does next rather than by what broke.

There are three families: tell the person (:class:`Tell`), try again later (:class:`Retry`), stop and
ask a human (:class:`Stop`). Adapters translate every SDK's errors into one of them, ``from exc``.
"""

from __future__ import annotations


class MaydayError(Exception):
    """Anything that mayday itself raises. Its text is one sentence, fit to be shown to a person."""


class Tell(MaydayError):
    """The request was refused or was wrong: nothing happened, and trying again will not help.

    The text says in one sentence what the person should do. ``code`` is the outside system's own
    name for the refusal (``name_taken``, ``missing_scope``), empty when mayday itself refused.
    ``field`` names the input that is wrong, where the request came from a form.
    """

    def __init__(self, text: str, *, code: str = "", field: str = "") -> None:
        super().__init__(text)
        self.code = code
        self.field = field


class Retry(MaydayError):
    """An outside system did not do its part this time; the same request may work later.

    ``after`` is how many seconds to wait, at the least. ``maybe_done`` says that the effect may have
    happened although no answer came: look before repeating.
    """

    def __init__(self, text: str, *, after: float = 5.0, maybe_done: bool = True) -> None:
        super().__init__(text)
        self.after = after
        self.maybe_done = maybe_done


class Stop(MaydayError):
    """Going on by itself could do harm; a human has to look first."""


class ConfigError(Tell):
    """A value of ``mayday.yaml`` or of the environment cannot be used; the text names its key."""
