"""The roles of a configuration."""

from __future__ import annotations

from pathlib import Path

from bot.bootstrap import settings
from bot.config import load


def test_roles_are_names_or_say_more_and_the_first_one_leads(tmp_path: Path) -> None:
    named = "[scribe, {name: driver, description: drives}, {name: voice, speaks: true}]"
    file = tmp_path / "mayday.yaml"
    for roles, lead, speaker in (
        (named, "scribe", "voice"),
        ("[scribe, commander]", "commander", "commander"),
        ("[scribe, {name: driver, leads: true}, communications]", "driver", "communications"),
    ):
        file.write_text(f"incident:\n  roles: {roles}\n", encoding="utf-8")
        policy = settings(load(file)).policy
        assert (policy.lead, policy.speaker) == (lead, speaker)
