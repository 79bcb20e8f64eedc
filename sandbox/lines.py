"""An answer that comes line by line, cut in two after so many lines, wherever its pieces end."""

from __future__ import annotations


class Lines:
    """Lets `number` lines pass, and holds the rest until `go_on`; None lets all pass."""

    def __init__(self, number: int | None) -> None:
        self._left = number
        self._rest = b""

    @property
    def is_time(self) -> bool:
        """Whether so many lines have passed, and what comes then has not come yet."""
        return self._left == 0

    def take(self, piece: bytes) -> bytes:
        """What of a piece passes now."""
        if self._left is None:
            return piece
        passed = b""
        while self._left and (end := piece.find(b"\n") + 1):
            passed, piece = passed + piece[:end], piece[end:]
            self._left -= 1
        if self._left:
            return passed + piece
        self._rest = piece
        return passed

    def go_on(self) -> bytes:
        """What was held; from here on everything passes."""
        self._left, held, self._rest = None, self._rest, b""
        return held
