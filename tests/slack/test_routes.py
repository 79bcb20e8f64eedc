"""Every button, form and command that mayday shows has a route."""

from __future__ import annotations

from dataclasses import replace
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
    notify,
    obligations,
    people_forms,
    reader_buttons,
    reminders,
    review,
    run_form,
    runs,
)
from bot.render.commands import COMMANDS
from bot.slack.request import Kind
from bot.slack.routes import ROUTES
from tests.support.evening import INCIDENT


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
        notify,
        obligations,
        reminders,
        reader_buttons,
        review,
        run_form,
        runs,
    )
    shown = {action for module in modules for action in constants(module, "ACTION_")}
    shown |= {*edit_pages.TURNS, *notify.PAGES}
    assert len(shown) > 10
    assert set(ROUTES[Kind.BUTTON]) == shown


def test_every_choice_of_the_menu_more_has_a_route() -> None:
    for status in ("investigating", "resolved", "closed"):
        shown = card.next_steps(replace(INCIDENT, status=status), "commander")
        (menu,) = [element for element in shown if element["action_id"] == card.MORE]
        chosen = {option["value"] for option in menu["options"]}
        assert 3 <= len(chosen) <= 5
        assert chosen <= set(ROUTES[Kind.BUTTON])


def test_every_form_about_people_has_a_route() -> None:
    assert {people_forms.HANDOVER, people_forms.INVITE} <= set(ROUTES[Kind.FORM])


@pytest.mark.parametrize(
    "name", ["DECLARE", "DIAGNOSE", "UPDATE", "ACTION_ITEM", "EDIT_ENTRY", "RUN", "CLOSE"]
)
def test_every_form_has_a_route(name: str) -> None:
    assert getattr(forms, name) in ROUTES[Kind.FORM]


def test_every_command_in_the_help_has_a_route() -> None:
    assert set(ROUTES[Kind.COMMAND]) == {"", *COMMANDS}
