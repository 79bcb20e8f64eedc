"""One modal with every input that the page draws, each with initial values, hints and limits."""

from typing import Any

Json = dict[str, Any]


def plain(text: str) -> Json:
    """A plain_text object."""
    return {"type": "plain_text", "text": text}


def option(text: str, note: str = "") -> Json:
    """An option whose value is its text."""
    described = {"description": plain(note)} if note else {}
    return {"text": plain(text), "value": text, **described}


def field(name: str, element: Json, **rest: Any) -> Json:
    """An input whose block_id is `name`, whose action_id is `value` and whose label is the name."""
    return {
        "type": "input",
        "block_id": name,
        "label": plain(name.replace("_", " ").capitalize()),
        "element": {"action_id": "value", **element},
        **rest,
    }


def every_input(*, person: str) -> Json:
    """The modal. `person` is the id of one."""
    hubs = [option("datahub"), option("data8"), option("biohub", "for the life sciences")]
    severities = [option("sev1", "all users"), option("sev2", "some"), option("sev3", "one")]
    return {
        "type": "modal",
        "callback_id": "every_input",
        "title": plain("Every input"),
        "submit": plain("Send"),
        "close": plain("Leave"),
        "blocks": [
            field(
                "title",
                {"type": "plain_text_input", "initial_value": "Hub is slow", "min_length": 5},
            ),
            field(
                "summary",
                {
                    "type": "plain_text_input",
                    "multiline": True,
                    "placeholder": plain("What do users see?"),
                    "focus_on_load": True,
                    "max_length": 200,
                },
                hint=plain("Two sentences are enough."),
                optional=True,
            ),
            field("day", {"type": "datepicker", "initial_date": "2017-02-23"}),
            field(
                "severity",
                {"type": "radio_buttons", "options": severities, "initial_option": severities[1]},
            ),
            field(
                "checks",
                {"type": "checkboxes", "options": severities, "initial_options": severities[:1]},
            ),
            field(
                "hub",
                {
                    "type": "static_select",
                    "option_groups": [{"label": plain("Hubs"), "options": hubs}],
                },
                optional=True,
            ),
            field(
                "hubs",
                {
                    "type": "multi_static_select",
                    "options": hubs,
                    "initial_options": [option("data8")],
                    "max_selected_items": 2,
                },
            ),
            field("commander", {"type": "users_select", "initial_user": person}),
            field(
                "responders",
                {"type": "multi_users_select", "initial_users": [person]},
                optional=True,
            ),
            field(
                "runbook",
                {
                    "type": "external_select",
                    "min_query_length": 2,
                    "placeholder": plain("Type a runbook's name"),
                },
            ),
            field(
                "labels",
                {"type": "multi_external_select", "initial_options": [option("proxy")]},
                optional=True,
            ),
        ],
    }
