"""One modal with every input of Block Kit, each with what it may have: initial values, hints, limits."""

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


SECTION = {
    "type": "rich_text_section",
    "elements": [
        {"type": "text", "text": "Look at "},
        {"type": "text", "text": "the routes", "style": {"bold": True}},
        {"type": "text", "text": " first "},
        {"type": "emoji", "name": "eyes", "unicode": "1f440"},
    ],
}


def every_input(*, person: str, other: str, place: str) -> Json:
    """The modal. `person` and `other` are ids of people, `place` is that of a channel."""
    groups = [
        {"label": plain("Teaching"), "options": [option("datahub"), option("data8")]},
        {"label": plain("Research"), "options": [option("biohub", "for the life sciences")]},
    ]
    severities = [option("sev1", "all users"), option("sev2", "some"), option("sev3", "one")]
    return {
        "type": "modal",
        "callback_id": "every_input",
        "title": plain("Every input"),
        "submit": plain("Send"),
        "close": plain("Leave"),
        "blocks": [
            field("title", {"type": "plain_text_input", "initial_value": "Hub is slow"}),
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
            field("email", {"type": "email_text_input", "initial_value": "ana@example.org"}),
            field("address", {"type": "url_text_input"}, optional=True),
            field(
                "users",
                {
                    "type": "number_input",
                    "is_decimal_allowed": False,
                    "min_value": "1",
                    "max_value": "900",
                    "initial_value": "12",
                },
            ),
            field("load", {"type": "number_input", "is_decimal_allowed": True}, optional=True),
            field("day", {"type": "datepicker", "initial_date": "2017-02-23"}),
            field("time", {"type": "timepicker", "initial_time": "21:10"}),
            field("moment", {"type": "datetimepicker", "initial_date_time": 1487913057}),
            field(
                "severity",
                {"type": "radio_buttons", "options": severities, "initial_option": severities[1]},
            ),
            field(
                "checks",
                {"type": "checkboxes", "options": severities, "initial_options": severities[:1]},
            ),
            field("hub", {"type": "static_select", "option_groups": groups}, optional=True),
            field(
                "hubs",
                {
                    "type": "multi_static_select",
                    "option_groups": groups,
                    "initial_options": [option("data8")],
                    "max_selected_items": 2,
                },
            ),
            field("commander", {"type": "users_select", "initial_user": person}),
            field("crew", {"type": "multi_users_select", "initial_users": [person, other]}),
            field(
                "conversation",
                {"type": "conversations_select", "default_to_current_conversation": True},
            ),
            field(
                "conversations",
                {"type": "multi_conversations_select", "initial_conversations": [place]},
            ),
            field("channel", {"type": "channels_select", "initial_channel": place}),
            field("channels", {"type": "multi_channels_select"}, optional=True),
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
            field(
                "notes",
                {
                    "type": "rich_text_input",
                    "initial_value": {"type": "rich_text", "elements": [SECTION]},
                    "placeholder": plain("What did you see?"),
                },
            ),
            field(
                "files",
                {"type": "file_input", "filetypes": ["txt", "png"], "max_files": 2},
                optional=True,
            ),
        ],
    }
