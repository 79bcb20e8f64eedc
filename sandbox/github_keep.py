"""Keeps the practice GitHub's issues over restarts; emulate does not store them.

The port is kept too, since reports, issues and messages link to it.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

LABEL_COLOUR = "d93f0b"


@dataclass(frozen=True, kw_only=True)
class PracticeIssue:
    """An issue of the practice GitHub."""

    number: int
    title: str
    body: str
    labels: tuple[str, ...]
    state: str
    url: str
    comments: tuple[str, ...]
    reason: str = ""


class Kept:
    """The file of the issues; None keeps nothing."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._writing = threading.Lock()

    def port(self) -> int:
        """The last port if it is free, else 0 for any."""
        port = int(self._read().get("port", 0))
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            return 0
        return port

    def save(self, port: int, issues: Callable[[], Sequence[PracticeIssue]]) -> None:
        """Write a new file and replace the old one, since a kill may come any time."""
        if self._file is None:
            return
        with self._writing:
            kept = {"port": port, "issues": [asdict(issue) for issue in issues()]}
            aside = self._file.with_suffix(".tmp")
            aside.write_text(json.dumps(kept), encoding="utf-8")
            aside.replace(self._file)

    def restore(self, post: Callable[[str, str, Mapping[str, Any]], None]) -> None:
        """File them again with the same numbers; ``post`` sends a method, a path and its JSON."""
        issues = self._read().get("issues", [])
        for name in sorted({label for issue in issues for label in issue["labels"]}):
            post("POST", "/labels", {"name": name, "color": LABEL_COLOUR})
        for issue in issues:
            post("POST", "/issues", {key: issue[key] for key in ("title", "body", "labels")})
            path = f"/issues/{issue['number']}"
            for comment in issue["comments"]:
                post("POST", f"{path}/comments", {"body": comment})
            if issue["state"] != "open":
                reason = issue.get("reason") or "completed"
                post("PATCH", path, {"state": issue["state"], "state_reason": reason})

    def _read(self) -> dict[str, Any]:
        try:
            found = json.loads(self._file.read_text(encoding="utf-8")) if self._file else {}
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}
