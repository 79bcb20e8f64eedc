"""Forms do not preselect what a person must choose."""

from __future__ import annotations

from typing import Any

from bot.render import forms

BOOKS = [("restart-proxy", "Restart the proxy", "Restarts it.")]


def menu(form: dict[str, Any], block: str) -> dict[str, Any]:
    """Return an input's menu."""
    (found,) = [b["element"] for b in form["blocks"] if b.get("block_id") == block]
    return dict(found)


def test_where_there_are_several_hubs_none_is_chosen_for_a_run() -> None:
    form = forms.run("inc", runbooks=BOOKS, hubs=["datahub", "stat20"])
    assert "initial_option" not in menu(form, "hub")
    assert "initial_option" not in menu(form, "runbook")


def test_the_only_hub_is_chosen() -> None:
    form = forms.run("inc", runbooks=BOOKS, hubs=["datahub"])
    assert menu(form, "hub")["initial_option"]["value"] == "datahub"
