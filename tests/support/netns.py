"""Isolates a program that listens on every interface.

It runs in a new network namespace that has only a loopback. A Unix socket, which crosses
namespaces, forwards a port of our 127.0.0.1 to the same port inside. The program's
addresses are valid on both sides, and no other machine can reach it.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import shutil
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

READY_WITHIN = 20.0
"""Seconds."""

_GET_FLAGS, _SET_FLAGS, _UP = 0x8913, 0x8914, 0x1
_CHUNK = 65536


class NoNamespaceError(Exception):
    """This machine or user cannot create a network namespace; the text says why."""


class Shut:
    """A running program in an isolated network.

    ``{port}`` in ``command`` is replaced. ``directory`` holds the socket and the log.
    """

    def __init__(self, command: Sequence[str], directory: Path) -> None:
        self._door = directory / "door"
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])
        self._stop: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        told = [part.replace("{port}", str(self.port)) for part in command]
        with (directory / "program.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*_unshare(), sys.executable, __file__, str(self._door), str(self.port), *told],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(ready,), daemon=True)
        self._thread.start()
        assert self._process.stdout is not None
        if self._process.stdout.readline() != b"ready\n" or not ready.wait(READY_WITHIN):
            self.stop()
            raise NoNamespaceError(f"the program did not start: see {directory / 'program.log'}")

    @property
    def url(self) -> str:
        """Its URL, inside and outside."""
        return f"http://127.0.0.1:{self.port}"

    def stop(self) -> None:
        """End the program and its network."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait(10)
        if self._process.stdout is not None:
            self._process.stdout.close()
        if self._loop is not None and self._stop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    def __enter__(self) -> Shut:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _run(self, ready: threading.Event) -> None:
        asyncio.run(self._serve(ready))

    async def _serve(self, ready: threading.Event) -> None:
        async def hand_in(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(OSError):
                await _join(reader, writer, *await asyncio.open_unix_connection(self._door))

        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(hand_in, sock=self._socket)
        ready.set()
        await self._stop.wait()
        server.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()


def _unshare() -> list[str]:
    """The command that creates the namespace, as root or in a user namespace."""
    found = shutil.which("unshare")
    if found is None:
        raise NoNamespaceError("there is no unshare here")
    for how in (["-n"], ["-r", "-n"]):
        if subprocess.run([found, *how, "true"], capture_output=True, check=False).returncode == 0:
            return [found, *how]
    raise NoNamespaceError("this user may not make a network namespace")


async def _join(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    other_reader: asyncio.StreamReader,
    other_writer: asyncio.StreamWriter,
) -> None:
    await asyncio.gather(_pump(reader, other_writer), _pump(other_reader, writer))


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass  # One side closed; the close below ends the other.
    finally:
        writer.close()


def _raise_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        request = struct.pack("16sh14x", b"lo", 0)
        (flags,) = struct.unpack("16xh14x", fcntl.ioctl(link, _GET_FLAGS, request))
        fcntl.ioctl(link, _SET_FLAGS, struct.pack("16sh14x", b"lo", flags | _UP))


async def _inside(door: str, port: int, command: Sequence[str]) -> None:
    program = await asyncio.create_subprocess_exec(
        *command, stdin=subprocess.DEVNULL, stdout=sys.stderr
    )

    async def hand_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            await _join(reader, writer, *await asyncio.open_connection("127.0.0.1", port))

    await _answers(port)
    await asyncio.start_unix_server(hand_on, door)
    os.write(1, b"ready\n")
    closed = asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await asyncio.wait(
        [asyncio.ensure_future(closed), asyncio.ensure_future(program.wait())],
        return_when=asyncio.FIRST_COMPLETED,
    )
    if program.returncode is None:
        program.kill()
        await program.wait()
    # Open connections would block the loop.
    os._exit(0)


async def _answers(port: int) -> None:
    deadline = asyncio.get_running_loop().time() + READY_WITHIN
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            if asyncio.get_running_loop().time() > deadline:
                raise
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return


if __name__ == "__main__":
    _raise_loopback()
    asyncio.run(_inside(sys.argv[1], int(sys.argv[2]), sys.argv[3:]))
