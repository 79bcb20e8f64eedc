"""Each port is assigned once, even before a process listens on it."""

from __future__ import annotations

import socket
from contextlib import closing

import pytest

from sandbox.cluster.ports import Ports


def test_two_sandboxes_never_get_the_same_port() -> None:
    with closing(Ports()) as one, closing(Ports()) as other:
        taken = [ports.take() for ports in (one, other) for _ in range(90)]
    assert len(set(taken)) == 180


def test_two_sandboxes_never_get_the_same_address() -> None:
    with closing(Ports()) as one, closing(Ports()) as other:
        taken = [ports.take_address(()) for ports in (one, other) for _ in range(254)]
        assert len(set(taken)) == 508
        assert one.take_address(taken[1:]) == taken[0]
        with pytest.raises(OSError, match="used up its addresses"):
            one.take_address(taken)


def test_a_port_that_is_listened_on_is_passed_over() -> None:
    with closing(Ports()) as ports, socket.socket() as busy:
        first = ports.take()
        busy.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # may be in TIME_WAIT
        busy.bind(("127.0.0.1", first + 1))
        busy.listen()
        assert ports.take() == first + 2
