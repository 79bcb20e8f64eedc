"""Kills the processes that a killed sandbox leaves; runs as a separate process.

Its standard input is a pipe from the sandbox: a line `+PID` or `-PID` for each process group that
starts or ends. The pipe ends with the sandbox, `kill -9` included; then every group that is still
listed is killed. A pipe works on Linux and on a Mac.
"""

import contextlib
import os
import signal
import sys


def main() -> None:
    """Keep the list until the pipe ends, then kill its groups."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups: set[int] = set()
    for line in sys.stdin:
        group = int(line[1:])
        if line.startswith("+"):
            groups.add(group)
        else:
            groups.discard(group)
    for group in groups:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    main()
