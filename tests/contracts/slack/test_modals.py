"""Modals and modal stacks over Socket Mode after submission or closing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from bot.ports import Channel
from tests.contracts.slack.heard import Heard, listening
from tests.contracts.slack.systems import SOCKETS, Slack

pytestmark = [
    pytest.mark.xdist_group("contracts of slack"),
    pytest.mark.parametrize("system", SOCKETS, scope="module"),
]


@pytest.fixture(scope="module")
def heard(slacks: Callable[[str], Slack], system: str) -> Iterator[Heard]:
    """One app per module."""
    with listening(slacks(system)) as app:
        yield app


def sent(slack: Slack, view: dict[str, Any], impact: str) -> None:
    """Submit Ana's form with this impact."""
    typed = {"type": "plain_text_input", "value": impact}
    slack.submit(slack.ana, view["id"], {"impact": {"impact": typed}})


def title(slack: Slack) -> str:
    """The title of the form that Ana sees."""
    view = slack.form(slack.ana)
    return str(view["title"]["text"]) if view else ""


@pytest.mark.contract("Slack", "a form that is taken is closed")
def test_taken(slack: Slack, heard: Heard, shared: Channel) -> None:
    view = heard.opened(slack, shared.id)
    assert title(slack) == "A form"
    sent(slack, view, "none")
    assert title(slack) == ""


@pytest.mark.contract("Slack", "a form may be answered with another in its place")
def test_updated(slack: Slack, heard: Heard, shared: Channel) -> None:
    view = heard.opened(slack, shared.id)
    sent(slack, view, "update")
    assert title(slack) == "Another"
    top = slack.form(slack.ana)
    assert top is not None
    sent(slack, top, "none")
    assert title(slack) == ""
