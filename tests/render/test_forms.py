"""Forms do not preselect what a person must choose."""

from __future__ import annotations

from typing import Any

from bot.render import run_form
from tests.support.books import RUNBOOKS


def menu(form: dict[str, Any], block: str) -> dict[str, Any]:
    """Return an input's menu."""
    (found,) = [b["element"] for b in form["blocks"] if b.get("block_id") == block]
    return dict(found)


def test_where_there_are_several_hubs_none_is_chosen_for_a_run() -> None:
    form = run_form.run("inc", runbooks=RUNBOOKS, hubs=["datahub", "stat20"])
    assert "initial_option" not in menu(form, "hub")
    assert "initial_option" not in menu(form, "runbook")


def test_the_only_hub_is_chosen() -> None:
    form = run_form.run("inc", runbooks=RUNBOOKS, hubs=["datahub"])
    assert menu(form, "hub")["initial_option"]["value"] == "datahub"
