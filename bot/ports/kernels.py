"""A kernel in the server of the canary user, as steps use it."""

from __future__ import annotations

from typing import Protocol


class Kernels(Protocol):
    """The servers of one hub at its public address, with a token that may enter the canary user's only."""

    def execute(self, user: str, code: str) -> str:
        """Return the text of the result of the code, in a kernel of the user's default server.

        A kernel is started if none runs. Nothing is left in it that matters, so it may be repeated.

        Raises:
            UserError: the server refused the token, or the code failed.
            RetryLater: the server or its kernel didn't answer in time.
        """
