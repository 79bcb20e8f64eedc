"""A start imports what every mayday uses, and leaves large clients to their first use."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bot.bootstrap import sites
from bot.config import load
from bot.errors import UserError
from tests.support.clusters import HUB, unreachable

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("package", ["github", "kubernetes"])
def test_the_commands_are_imported_without(package: str) -> None:
    code = f"import sys, bot.cli; sys.exit({package!r} in sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_the_garbage_collector_runs_again_after_the_imports() -> None:
    """The command fails for want of a name, after everything is imported."""
    code = (
        "import gc, sys, atexit; from bot.__main__ import main; sys.argv = ['mayday', 'nothing']\n"
        "atexit.register(lambda: print(gc.isenabled(), gc.get_freeze_count() > 0)); main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "True True", done.stderr


def test_a_cluster_works_from_its_first_use(tmp_path: Path) -> None:
    config = load(
        overrides={
            "hubs": [HUB],
            "clusters": [unreachable(tmp_path)],
        }
    )
    site = sites(config)["datahub"]
    with pytest.raises(UserError, match="kubeconfig"):
        site.pods()
    site.hub.close()
