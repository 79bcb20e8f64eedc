"""Every button, form and command that mayday shows has a route."""

from __future__ import annotations

from types import ModuleType

import pytest

from bot.render import (
    answers,
    card,
    conflicts,
    diagnose,
    edit_pages,
    forms,
    items,
    listing,
    obligations,
    reminders,
    review,
    run_form,
    runs,
)
from bot.render.commands import COMMANDS
from bot.slack.request import Kind
from bot.slack.routes import ROUTES


def constants(module: ModuleType, start: str) -> set[str]:
    """The values of a module's constants with this prefix."""
    return {value for name, value in vars(module).items() if name.startswith(start)}


def test_every_button_has_a_route() -> None:
    modules = (
        answers,
        card,
        conflicts,
        diagnose,
        edit_pages,
        items,
        listing,
        obligations,
        reminders,
        review,
        run_form,
        runs,
    )
    shown = {action for module in modules for action in constants(module, "ACTION_")}
    shown |= set(edit_pages.TURNS)
    assert len(shown) > 10
    assert set(ROUTES[Kind.BUTTON]) == shown


@pytest.mark.parametrize(
    "name", ["DECLARE", "DIAGNOSE", "UPDATE", "ACTION_ITEM", "EDIT_ENTRY", "RUN", "CLOSE"]
)
def test_every_form_has_a_route(name: str) -> None:
    assert getattr(forms, name) in ROUTES[Kind.FORM]


def test_every_command_in_the_help_has_a_route() -> None:
    assert set(ROUTES[Kind.COMMAND]) == {"", *COMMANDS}
