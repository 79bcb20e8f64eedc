"""One of emulate's services in a child process, which ends with this one."""

from __future__ import annotations

import json
import select
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sandbox.nodejs import PARTS, node

VERSION = str(json.loads((PARTS / "package.json").read_text())["dependencies"]["emulate"])
"""Which emulate this is."""

STARTS_WITHIN = 30.0
"""Seconds; 0.5 on an idle machine."""

ENDS_WITHIN = 5.0
"""Seconds after its standard input was closed."""


class EmulateError(Exception):
    """It cannot run; the text says what to do."""


class Emulate:
    """A running service of emulate, on loopback.

    ``service`` is emulate's name for it, ``seed`` its first data, ``base_url`` the address in its
    answers if clients do not use its own. ``directory`` holds the seed and the log.
    """

    def __init__(
        self, service: str, seed: Mapping[str, Any], directory: Path, *, base_url: str = ""
    ) -> None:
        if not (PARTS / "node_modules" / "emulate").exists():
            raise EmulateError("emulate is not installed: run `make install`.")
        directory.mkdir(parents=True, exist_ok=True)
        seed_file = directory / f"{service}-seed.json"
        seed_file.write_text(json.dumps(seed), encoding="utf-8")
        self._log = directory / f"{service}.log"
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own script, no words from outside
                [node(), str(PARTS / "emulate.mjs"), service, str(seed_file), base_url],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        try:
            self.port = self._told_port()
        except BaseException:
            self.stop()
            raise

    @property
    def pid(self) -> int:
        """The started process; pip's node is a script with the real one below it."""
        return self._process.pid

    def stop(self) -> None:
        """Stop it; close its pipes."""
        # pip's node is a script that starts the real one; killing the script would leave it.
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(ENDS_WITHIN)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _told_port(self) -> int:
        out = self._process.stdout
        ready = out and select.select([out], [], [], STARTS_WITHIN)[0]
        line = out.readline() if out and ready else b""
        if not line.strip().isdigit():
            raise EmulateError(f"emulate did not start: see {self._log}.")
        return int(line)
