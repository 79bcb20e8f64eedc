"""A sandbox that is killed leaves no process behind."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from sandbox.cluster.processes import Processes
from sandbox.cluster.waiting import wait_for

_SANDBOX = """
import sys, time
from pathlib import Path
from sandbox.cluster.processes import Processes

here = Path(sys.argv[1])
nested = "import subprocess, sys, time; p = subprocess.Popen([sys.executable, '-c', " \\
    "'import time; time.sleep(600)']); print(p.pid, flush=True); time.sleep(600)"
process = Processes().start(
    [sys.executable, "-c", nested], {}, directory=here, log=here / "log", on_exit=lambda: None
)
print(process.pid, flush=True)
time.sleep(600)
"""


def _alive(pid: int) -> bool:
    """Returns whether a process runs. A zombie does not count."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not (stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z")


def test_kill_nine_of_the_sandbox_takes_its_pods_along(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _SANDBOX, str(tmp_path)], stdout=subprocess.PIPE
    ) as sandbox:
        assert sandbox.stdout is not None
        pod = int(sandbox.stdout.readline())
        log = tmp_path / "log"
        wait_for(lambda: log.exists() and log.read_text().endswith("\n"), "the pod's own child")
        child = int(log.read_text())
        assert _alive(pod)
        assert _alive(child)
        sandbox.kill()
        sandbox.wait(timeout=10)
        wait_for(lambda: not _alive(pod) and not _alive(child), "both to be killed")


def test_stopping_takes_children_along(tmp_path: Path) -> None:
    processes = Processes()
    script = (
        "import subprocess, sys, time; p = subprocess.Popen([sys.executable, '-c', "
        "'import time; time.sleep(600)']); print(p.pid, flush=True); time.sleep(600)"
    )
    log = tmp_path / "log"
    process = processes.start(
        [sys.executable, "-c", script], {}, directory=tmp_path, log=log, on_exit=lambda: None
    )
    wait_for(lambda: log.read_text().endswith("\n"), "the child")
    child = int(log.read_text())
    processes.stop()
    assert process.exit_code == 137
    wait_for(lambda: not _alive(child), "the child to be gone")
