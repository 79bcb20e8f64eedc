"""Slack's rules for what an input may begin with and accept: options, initial values, limits.

Shapes: https://docs.slack.dev/reference/block-kit/block-elements (November 2026).
"""

import math
import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from sandbox.slack.findings import Findings
from sandbox.slack.rich_text import check_rich_text
from sandbox.slack.values import Json

_MOST_OPTIONS = 100
_FEW_OPTIONS = {"overflow": 5, "checkboxes": 10, "radio_buttons": 10}
_MRKDWN_OPTIONS = frozenset({"checkboxes", "radio_buttons"})
_TRIGGERS = frozenset({"on_enter_pressed", "on_character_entered"})
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_TEXTS = frozenset({"plain_text_input", "email_text_input", "url_text_input", "number_input"})
_LONGEST_TEXT = 3000


def check_input(findings: Findings, element: Json, pointer: str) -> None:
    """Check the initial value and the limits of an input element."""
    kind = element["type"]
    if kind in _TEXTS:
        _text(findings, element, pointer)
    if kind == "number_input":
        _number(findings, element, pointer)
    if kind == "rich_text_input" and "initial_value" in element:
        check_rich_text(findings, element["initial_value"], f"{pointer}/initial_value")
    if kind in _INITIAL:
        key, fits = _INITIAL[kind]
        if key in element and not fits(element[key]):
            findings.add(f"{pointer}/{key}", "must be a valid value")
    if kind.endswith("external_select"):
        _external(findings, element, pointer)
    if kind.startswith("multi_") and "max_selected_items" in element:
        most = element["max_selected_items"]
        findings.whole(most, f"{pointer}/max_selected_items", least=1, most=_MOST_OPTIONS)
    if kind == "file_input":
        _files(findings, element, pointer)
    config = element.get("dispatch_action_config")
    if config is not None:
        place = f"{pointer}/dispatch_action_config/trigger_actions_on"
        named = config.get("trigger_actions_on") if isinstance(config, dict) else None
        for trigger in findings.items(named, place, most=2):
            findings.choice(trigger, place, _TRIGGERS)


def _text(findings: Findings, element: Json, pointer: str) -> None:
    for name in ("min_length", "max_length"):
        if name in element:
            least = 1 if name == "max_length" else 0
            findings.whole(element[name], f"{pointer}/{name}", least=least, most=_LONGEST_TEXT)
    if "initial_value" in element:
        findings.length(element["initial_value"], f"{pointer}/initial_value", limit=_LONGEST_TEXT)
    findings.truth(element, "multiline", pointer)


def _number(findings: Findings, element: Json, pointer: str) -> None:
    if "is_decimal_allowed" not in element:
        findings.add(pointer, "missing required field: is_decimal_allowed")
    findings.truth(element, "is_decimal_allowed", pointer)
    given: dict[str, float] = {}
    for name in ("min_value", "max_value", "initial_value"):
        if name not in element:
            continue
        number = as_number(element[name])
        if number is None:
            findings.add(f"{pointer}/{name}", "must be a number in a string")
        elif not number.is_integer() and not element.get("is_decimal_allowed"):
            findings.add(f"{pointer}/{name}", "must be a whole number")
        else:
            given[name] = number
    least, most = given.get("min_value", -math.inf), given.get("max_value", math.inf)
    if least > most:
        findings.add(f"{pointer}/min_value", "cannot be greater than max_value")
    elif not least <= given.get("initial_value", least) <= most:
        findings.add(f"{pointer}/initial_value", "must be between min_value and max_value")


def as_number(text: Any) -> float | None:
    """The number that a string says in Slack's way, or None."""
    if not isinstance(text, str) or not re.fullmatch(r"-?(\d+(\.\d*)?|\.\d+)", text):
        return None
    return float(text)


def _external(findings: Findings, element: Json, pointer: str) -> None:
    if "min_query_length" in element:
        asked = element["min_query_length"]
        findings.whole(asked, f"{pointer}/min_query_length", least=0, most=_LONGEST_TEXT)
    for key in ("options", "option_groups"):
        if key in element:
            findings.add(pointer, f"invalid additional property: {key}")
    if "initial_option" in element:
        _option(findings, element["initial_option"], f"{pointer}/initial_option", plain=True)
    chosen = element.get("initial_options", [])
    place = f"{pointer}/initial_options"
    for at, option in enumerate(findings.items(chosen, place, least=0, most=_MOST_OPTIONS)):
        _option(findings, option, f"{place}/{at}", plain=True)


def _files(findings: Findings, element: Json, pointer: str) -> None:
    if "max_files" in element:
        findings.whole(element["max_files"], f"{pointer}/max_files", least=1, most=10)
    for ending in findings.items(
        element.get("filetypes", ["any"]), f"{pointer}/filetypes", most=100
    ):
        if not isinstance(ending, str) or not ending:
            findings.add(f"{pointer}/filetypes", "must be a string")


def check_options(findings: Findings, element: Json, pointer: str) -> None:
    """Check the options of a menu, boxes or radio buttons, and those chosen from the start."""
    plain = element["type"] not in _MRKDWN_OPTIONS
    groups = element.get("option_groups")
    options = element.get("options")
    if groups is not None and options is not None:
        findings.add(pointer, "cannot have both options and option_groups")
        return
    values: list[Any] = []
    if groups is not None and element["type"].endswith("static_select"):
        place = f"{pointer}/option_groups"
        for at, group in enumerate(findings.items(groups, place, most=_MOST_OPTIONS)):
            if not isinstance(group, dict):
                findings.add(f"{place}/{at}", "must be an option group object")
                continue
            findings.text(group, "label", f"{place}/{at}", limit=75, plain=True)
            inner = f"{place}/{at}/options"
            values += _all_options(findings, group.get("options"), inner, _MOST_OPTIONS, plain)
    elif options:
        most = _FEW_OPTIONS.get(element["type"], _MOST_OPTIONS)
        values = _all_options(findings, options, f"{pointer}/options", most, plain)
    else:
        findings.add(pointer, "missing required field: options")
        return
    initial = element.get("initial_options", [])
    if "initial_option" in element:
        initial = [element["initial_option"]]
    for chosen in initial if isinstance(initial, list) else [initial]:
        if not isinstance(chosen, dict) or chosen.get("value") not in values:
            findings.add(f"{pointer}/initial_option", "initial option was not found in options")


def _all_options(
    findings: Findings, options: Any, pointer: str, most: int, plain: bool
) -> list[Any]:
    values = []
    for at, option in enumerate(findings.items(options, pointer, most=most)):
        _option(findings, option, f"{pointer}/{at}", plain=plain)
        if isinstance(option, dict):
            values.append(option.get("value"))
    return values


def _option(findings: Findings, option: Any, pointer: str, *, plain: bool) -> None:
    if not isinstance(option, dict):
        findings.add(pointer, "must be an option object")
        return
    findings.text(option, "text", pointer, limit=75, plain=plain)
    findings.text(option, "description", pointer, limit=75, plain=plain, required=False)
    findings.length(option.get("value"), f"{pointer}/value", limit=150)


def _is_date(value: Any) -> bool:
    try:
        return isinstance(value, str) and len(value) == 10 and bool(date.fromisoformat(value))
    except ValueError:
        return False


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _are_ids(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(_is_id(item) for item in value)


def _is_moment(value: Any) -> bool:
    return isinstance(value, int) and len(str(value)) == 10


def _is_time(value: Any) -> bool:
    return isinstance(value, str) and bool(_TIME.fullmatch(value))


_INITIAL: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "datepicker": ("initial_date", _is_date),
    "timepicker": ("initial_time", _is_time),
    "datetimepicker": ("initial_date_time", _is_moment),
    "users_select": ("initial_user", _is_id),
    "multi_users_select": ("initial_users", _are_ids),
    "conversations_select": ("initial_conversation", _is_id),
    "multi_conversations_select": ("initial_conversations", _are_ids),
    "channels_select": ("initial_channel", _is_id),
    "multi_channels_select": ("initial_channels", _are_ids),
}
