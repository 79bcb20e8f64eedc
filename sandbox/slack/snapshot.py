"""Saves a practice workspace for a restart in one JSON file, written atomically."""

import base64
import json
import os
import tempfile
import threading
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sandbox.slack.values import Clock, Json
from sandbox.slack.workspace import (
    App,
    Channel,
    ChannelKind,
    File,
    User,
    UserGroup,
    Workspace,
)

_FORMAT = 1
_DELAY_SECONDS = 0.5


def dump(workspace: Workspace) -> Json:
    """Returns what Slack persists, without open modals and ephemeral messages."""
    with workspace.lock:
        return {
            "format": _FORMAT,
            "team": {"id": workspace.team_id, "name": workspace.team_name},
            "app": asdict(workspace.app),
            "users": [asdict(user) for user in workspace.users.values()],
            "channels": [asdict(channel) for channel in workspace.channels.values()],
            "files": [
                asdict(file) | {"content": base64.b64encode(file.content).decode()}
                for file in workspace.files.values()
            ],
            "usergroups": [asdict(group) for group in workspace.usergroups.values()],
            "last_micros": workspace.last_micros,
        }


def load(state: Json, clock: Clock) -> Workspace:
    """The workspace of a snapshot. Raises ValueError if it has another format."""
    if state.get("format") != _FORMAT:
        raise ValueError("This practice workspace was written by another version; delete it.")
    team = state["team"]
    workspace = Workspace(
        team_id=team["id"], team_name=team["name"], app=App(**state["app"]), clock=clock
    )
    for user in state["users"]:
        workspace.users[user["id"]] = User(**user)
    for channel in state["channels"]:
        kind = ChannelKind(channel["kind"])
        workspace.channels[channel["id"]] = Channel(**{**channel, "kind": kind})
    for file in state["files"]:
        content = base64.b64decode(file["content"])
        workspace.files[file["id"]] = File(**{**file, "content": content})
    for group in state["usergroups"]:
        workspace.usergroups[group["id"]] = UserGroup(**group)
    workspace.last_micros = state["last_micros"]
    return workspace


def read(path: Path, clock: Clock) -> Workspace | None:
    """The workspace saved at `path`, or None if there is none."""
    if not path.exists():
        return None
    state: Any = json.loads(path.read_text(encoding="utf-8"))
    return load(state, clock)


def write(workspace: Workspace, path: Path) -> None:
    """Write the snapshot beside `path` and move it there in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(dump(workspace), ensure_ascii=False)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


class Saver:
    """Writes the snapshot shortly after changes, in batches, and on stop."""

    def __init__(self, workspace: Workspace, path: Path) -> None:
        self._workspace = workspace
        self._path = path
        self._lock = threading.Lock()
        # Not `_lock`: `changed` takes that while it holds the workspace's lock.
        self._writing = threading.Lock()
        self._timer: threading.Timer | None = None
        self._stopped = False

    def changed(self) -> None:
        """Schedule a write after a change, unless one is scheduled."""
        with self._lock:
            if self._timer is None and not self._stopped:
                self._timer = threading.Timer(_DELAY_SECONDS, self._write)
                self._timer.daemon = True
                self._timer.start()

    def _write(self) -> None:
        with self._lock:
            self._timer = None
            if self._stopped:
                return
        with self._writing:
            write(self._workspace, self._path)

    def stop(self) -> None:
        """Write a last time and stop."""
        with self._lock:
            self._stopped = True
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
        with self._writing:
            write(self._workspace, self._path)
