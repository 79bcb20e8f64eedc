"""Buttons for people who read about an incident without working on it, wherever they read."""

from __future__ import annotations

from bot.render import blocks as b

ACTION_CATCH_UP = "incident.catch_up"
ACTION_SUBSCRIBE = "incident.subscribe"
ACTION_UNSUBSCRIBE = "incident.unsubscribe"


def catch_up_button(incident_id: str = "") -> b.Block:
    """Return the button that shows the incident's state to the person who presses it.

    Without an id it is about the incident in whose channel it is.
    """
    return b.button("Catch me up", action=ACTION_CATCH_UP, value=incident_id)


def subscribe_button(incident_id: str) -> b.Block:
    """Return the button that subscribes the person who presses it."""
    return b.button("Subscribe", action=ACTION_SUBSCRIBE, value=incident_id)


def unsubscribe_button(incident_id: str) -> b.Block:
    """Return the button that ends the subscription of the person who presses it."""
    return b.button("Unsubscribe", action=ACTION_UNSUBSCRIBE, value=incident_id)
