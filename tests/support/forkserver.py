"""A fork server: a process that imports mayday once and forks each child.

A kill test starts dozens of maydays. Each is a separate process that runs ``mayday run``.
Only the import, which takes 1.5 seconds, is shared.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]

HOOK = "TESTS_HOOK"
"""The variable that names a module whose ``install`` runs in the child before mayday."""


class ForkServer:
    """Starts processes and returns their exit codes."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def start(self, arguments: Sequence[str], environment: Mapping[str, str], log: Path) -> int:
        """Run ``mayday`` with these arguments; returns its process id."""
        asked = {"arguments": list(arguments), "environment": dict(environment), "log": str(log)}
        return int(self._ask(asked))

    def ended(self, pid: int, *, within: float = 0.0) -> int | None:
        """The exit code, negative for a signal; None if it still runs at the timeout."""
        code = self._ask({"pid": pid, "within": within})
        return None if code is None else int(code)

    def _ask(self, asked: Mapping[str, Any]) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())


@contextmanager
def forkserver() -> Iterator[ForkServer]:
    """Start one."""
    command = [sys.executable, "-m", "tests.support.forkserver"]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield ForkServer(process)
        assert process.stdin is not None
        process.stdin.close()
        process.wait(10)


def _serve() -> None:
    from bot.cli import main

    ended: dict[int, int] = {}
    for line in sys.stdin:
        asked = json.loads(line)
        if "pid" in asked:
            answer = _wait(asked["pid"], asked["within"], ended)
        else:
            answer = os.fork()
            if answer == 0:
                _become(main, asked)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    for pid in _children():
        os.kill(pid, signal.SIGKILL)
    # Skip the interpreter's cleanup.
    os._exit(0)


def _children() -> list[int]:
    listed = Path(f"/proc/self/task/{os.getpid()}/children")
    return [int(pid) for pid in listed.read_text().split()] if listed.exists() else []


def _wait(pid: int, within: float, ended: dict[int, int]) -> int | None:
    deadline = time.monotonic() + within
    while pid not in ended:
        gone, status = os.waitpid(pid, os.WNOHANG)
        if gone:
            ended[pid] = os.waitstatus_to_exitcode(status)
        elif time.monotonic() > deadline:
            return None
        else:
            time.sleep(0.01)
    return ended[pid]


def _become(main: Any, asked: Mapping[str, Any]) -> None:
    code = 1
    try:
        nothing = os.open(os.devnull, os.O_RDONLY)
        log = os.open(asked["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(nothing, 0)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.environ.clear()
        os.environ.update(asked["environment"])
        sys.argv = ["mayday", *asked["arguments"]]
        if hook := os.environ.get(HOOK):
            importlib.import_module(hook).install()
        main()
        code = 0
    except SystemExit as exc:
        code = exc.code if isinstance(exc.code, int) else int(exc.code is not None)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    _serve()
