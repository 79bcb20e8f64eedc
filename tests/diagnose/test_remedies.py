"""Every remedy that a rule offers is a runbook's name with arguments that this runbook takes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bot.runbook.loading import load

ROOT = Path(__file__).parents[2]
OFFERED: dict[str, Mapping[str, Any]] = {
    "resync-routes": {},
    "restart-proxy": {},
    "restart-hub": {},
    "force-delete-stuck-servers": {},
    "restart-server": {"user": "ana"},
    "roll-back": {"deployment": "hub"},
    "cordon-node": {"node": "user-node-1", "reason": "2 pods there are not well"},
    "uncordon-node": {"node": "user-node-1"},
    "hold-core-pool": {},
    "grow-volume": {"claim": "hub-db-dir", "size": "2Gi"},
    "clear-failed-pods": {},
}


def test_no_rule_offers_anything_else() -> None:
    texts = [file.read_text() for file in (ROOT / "bot" / "diagnose").glob("*.py")]
    named = {name for text in texts for name in re.findall(r'runbook="([\w-]+)"', text)}
    assert named | {"resync-routes"} == set(OFFERED)


@pytest.mark.parametrize("name", OFFERED)
def test_the_arguments_are_those_of_the_runbook(name: str) -> None:
    runbook = load().runbooks.get(name)
    if runbook is None:
        pytest.skip(f"{name} is not among the runbooks")
    assert set(runbook.arguments(OFFERED[name])) >= set(OFFERED[name])
