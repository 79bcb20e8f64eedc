"""Finds the node for the sandbox's node parts."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from sandbox.errors import SandboxError

PARTS = Path(__file__).parent / "node"
"""Where their packages are."""


class NodeMissingError(SandboxError):
    """node or its parts are not installed; the text says what to do."""


def node() -> str:
    """The node beside this Python, where pip puts it, else the system's.

    Raises:
        NodeMissingError: there is none.
    """
    found = shutil.which("node", path=str(Path(sys.executable).parent)) or shutil.which("node")
    if found is None:
        raise NodeMissingError("There is no node: run `make install` and start again.")
    return found
