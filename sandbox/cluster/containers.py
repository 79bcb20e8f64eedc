"""One pod's process and the container status derived from it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from sandbox.cluster.errors import bad_request
from sandbox.cluster.processes import Process
from sandbox.cluster.storage import Obj

# Kubernetes waits 10 s, 20 s, 40 s … up to 5 min; here 1/20 of that.
_BACKOFF = 0.5
_BACKOFF_LIMIT = 15.0


@dataclass(frozen=True, kw_only=True)
class Command:
    """What a container runs: the argument list, and environment beyond the pod's own."""

    argv: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Image:
    """An entry of the table of images: (pod, port) → the command to run for it.

    The port is the one that the container declares, also in the environment as `PORT`. The
    pod's listen address is `POD_IP`.
    """

    command: Callable[[Obj, int], Command]


@dataclass(kw_only=True)
class Container:
    """The state of one pod's only container."""

    directory: Path
    address: str
    port: int
    process: Process | None = None
    restarts: int = 0
    started_at: str = ""
    ready: bool = False
    waiting: str = "ContainerCreating"
    last: Obj | None = None
    next_start: float = 0.0
    next_probe: float = 0.0
    kill_at: float | None = None

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self.process is not None and not self.process.ended.is_set()

    def log(self, restart: int) -> Path:
        """The log file of the process of that restart."""
        return self.directory / f"{restart}.log"

    def terminated(self, finished_at: str) -> Obj:
        """The `terminated` state of the process that has just ended."""
        code = self.process.exit_code if self.process else None
        return {
            "exitCode": 1 if code is None else code,
            "reason": "Completed" if code == 0 else "Error",
            "startedAt": self.started_at,
            "finishedAt": finished_at,
        }

    def back_off(self) -> None:
        """Schedule the next start: at once after the first exit, then with back-off."""
        self.restarts += 1
        self.ready = False
        self.process = None
        delay = 0.0 if self.restarts == 1 else _BACKOFF * 2 ** (self.restarts - 2)
        self.next_start = time.monotonic() + min(delay, _BACKOFF_LIMIT)
        self.waiting = "CrashLoopBackOff" if delay else "ContainerCreating"

    def status(self, spec: Obj, state: Obj | None = None) -> Obj:
        """The entry for `containerStatuses`; `state` overrides the process state."""
        if state is None:
            running = {"running": {"startedAt": self.started_at}}
            state = running if self.alive else {"waiting": {"reason": self.waiting}}
        return {
            "name": spec["name"],
            "image": spec["image"],
            "imageID": f"sandbox://{spec['image']}",
            "containerID": f"process://{self.process.pid}" if self.process else "",
            "ready": self.ready,
            "started": self.alive,
            "restartCount": self.restarts,
            "state": state,
            "lastState": {"terminated": self.last} if self.last else {},
        }


def read_log(pod: Obj, params: Mapping[str, str], directory: Path) -> str:
    """The log of a pod's container, for GET …/log; empty before the pod is scheduled.

    Raises StatusError 400 if the container does not exist or has no log yet.
    """
    name = pod["metadata"]["name"]
    named = [container["name"] for container in pod["spec"]["containers"]]
    asked = params.get("container") or named[0]
    if len(named) > 1 and "container" not in params:
        raise bad_request(
            f"a container name must be specified for pod {name}, choose one of: [{' '.join(named)}]"
        )
    if asked not in named:
        raise bad_request(f"container {asked} is not valid for pod {name}")
    if not pod["spec"].get("nodeName"):
        return ""
    statuses = pod["status"].get("containerStatuses") or []
    restart = statuses[0]["restartCount"] if statuses else 0
    if params.get("previous", "").lower() == "true":
        if restart == 0:
            raise bad_request(f'previous terminated container "{asked}" in pod "{name}" not found')
        restart -= 1
    path: Path = directory.joinpath(pod["metadata"]["uid"], f"{restart}.log")
    if not path.exists():
        waiting = statuses[0]["state"].get("waiting", {}) if statuses else {}
        why = waiting.get("reason", "ContainerCreating")
        raise bad_request(f'container "{asked}" in pod "{name}" is waiting to start: {why}')
    text = path.read_text(encoding="utf-8", errors="replace")
    if tail := params.get("tailLines"):
        lines = text.splitlines(keepends=True)
        text = "".join(lines[max(0, len(lines) - int(tail)) :])
    if params.get("timestamps", "").lower() == "true":
        # The file has no times of its lines, so each gets that of the last one.
        at = datetime.fromtimestamp(path.stat().st_mtime, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ ")
        text = "".join(at + line for line in text.splitlines(keepends=True))
    if limit := params.get("limitBytes"):
        text = text.encode()[: int(limit)].decode(errors="ignore")
    return text
