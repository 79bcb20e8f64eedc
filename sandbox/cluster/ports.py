"""Allocates loopback ports and addresses for one sandbox's processes.

Another sandbox may choose a port before its process listens on it. So each sandbox holds its
own block: the one that binds the block's first port owns it. A block also has a network of
addresses, 127.1.BLOCK.0/24. Only Linux listens on those without configuration.
"""

from __future__ import annotations

import random
import socket
import threading
from collections.abc import Collection

# Below every system's ephemeral range (Linux 32768, macOS 49152), so that no outgoing
# connection takes a port while its process restarts.
_FIRST, _LAST, _BLOCK = 20_000, 32_000, 100


class Ports:
    """A block of ports. Raises OSError when all blocks are taken."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        starts = list(range(_FIRST, _LAST, _BLOCK))
        random.shuffle(starts)
        for start in starts:
            self._hold = socket.socket()
            try:
                self._hold.bind(("127.0.0.1", start))
            except OSError:
                self._hold.close()
                continue
            self._block = range(start + 1, start + _BLOCK)
            self._next = 0
            self._network = f"127.1.{(start - _FIRST) // _BLOCK}"
            self._next_host = 0
            return
        raise OSError("No block of ports is free: stop some other sandbox and try again.")

    def take(self) -> int:
        """The next unused port of the block. Raises OSError if there is none.

        Ports rotate, so that a port is not reused soon after.
        """
        with self._guard:
            for _ in self._block:
                port = self._block[self._next % len(self._block)]
                self._next += 1
                if _is_free(port):
                    return port
        raise OSError("This sandbox has used up its ports: stop some servers and try again.")

    def take_address(self, used: Collection[str]) -> str:
        """The next address of the block that is not in use. Raises OSError if there is none.

        It goes round, as :meth:`take` does.
        """
        with self._guard:
            for _ in range(254):
                self._next_host = self._next_host % 254 + 1
                address = f"{self._network}.{self._next_host}"
                if address not in used:
                    return address
        raise OSError("This sandbox has used up its addresses: stop some servers and try again.")

    def close(self) -> None:
        """Release the block."""
        self._hold.close()


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
