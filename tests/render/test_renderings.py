"""Every kind of resource has a rendering version."""

from __future__ import annotations

from bot.domain.resources import ResourceKind
from bot.render.renderings import RENDERINGS


def test_every_kind_has_a_version() -> None:
    assert set(RENDERINGS) == set(ResourceKind)
    assert all(version >= 1 for version in RENDERINGS.values()), "0 marks what is not recorded"
