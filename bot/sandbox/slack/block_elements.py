"""Slack's rules for the interactive elements and text objects inside blocks.

Limits: https://docs.slack.dev/reference/block-kit (November 2026).
"""

from typing import Any

from bot.sandbox.slack.values import Json, new_id

SELECTS = frozenset(
    f"{many}{kind}_select"
    for many in ("", "multi_")
    for kind in ("static", "external", "users", "conversations", "channels")
)
TEXT_INPUTS = frozenset(
    {"plain_text_input", "email_text_input", "url_text_input", "number_input", "rich_text_input"}
)
PICKERS = frozenset({"datepicker", "timepicker", "datetimepicker"})
CHOICES = frozenset({"checkboxes", "radio_buttons"})
INPUT_ELEMENTS = SELECTS | TEXT_INPUTS | PICKERS | CHOICES | {"file_input"}
ACTION_ELEMENTS = (
    SELECTS | PICKERS | CHOICES | {"button", "overflow", "workflow_button", "rich_text_input"}
)
ACCESSORIES = SELECTS | PICKERS | CHOICES | {"button", "overflow", "workflow_button", "image"}

_MAX_OPTIONS = {"overflow": 5, "checkboxes": 10, "radio_buttons": 10}
_CONFIRM_LIMITS = {"title": 100, "text": 300, "confirm": 30, "deny": 30}


class Findings:
    """Collects what is wrong, each with the place, in the words of Slack's own messages."""

    def __init__(self) -> None:
        self.messages: list[str] = []
        self._action_ids: set[str] = set()

    def add(self, pointer: str, message: str) -> None:
        """Note one fault at this JSON pointer."""
        self.messages.append(f"[ERROR] {message} [json-pointer:{pointer}]")

    def text(
        self,
        holder: Json,
        key: str,
        pointer: str,
        *,
        limit: int,
        plain: bool = False,
        required: bool = True,
    ) -> None:
        """Check the text object `holder[key]`."""
        value = holder.get(key)
        at = f"{pointer}/{key}"
        if value is None:
            if required:
                self.add(pointer, f"missing required field: {key}")
            return
        if not isinstance(value, dict) or not isinstance(value.get("text"), str):
            self.add(at, "must be a valid text object")
            return
        if value.get("type") not in ("plain_text", "mrkdwn") or (
            plain and value["type"] != "plain_text"
        ):
            self.add(f"{at}/type", "must be a valid enum value")
        self.length(value["text"], f"{at}/text", limit=limit, least=1)
        if value.get("type") == "plain_text":
            value.setdefault("emoji", True)
        elif value.get("type") == "mrkdwn":
            value.setdefault("verbatim", False)

    def length(self, value: Any, pointer: str, *, limit: int, least: int = 0) -> None:
        """Check that `value` is a string of `least` to `limit` characters."""
        if not isinstance(value, str):
            self.add(pointer, "must be a string")
        elif len(value) > limit:
            self.add(pointer, f"must be less than {limit + 1} characters")
        elif len(value) < least:
            self.add(pointer, f"must be more than {least - 1} characters")

    def action_id(self, element: Json, pointer: str) -> None:
        """Give the element an action_id where it has none; refuse a second one of the same name."""
        action_id = element.setdefault("action_id", new_id("")[1:6])
        self.length(action_id, f"{pointer}/action_id", limit=255, least=1)
        if action_id in self._action_ids:
            self.add(f"{pointer}/action_id", f"`action_id` {action_id} already exists")
        self._action_ids.add(str(action_id))

    def new_block(self) -> None:
        """Begin a block: an action_id has to be unique within its block."""
        self._action_ids.clear()


def check_element(findings: Findings, element: Any, pointer: str, allowed: frozenset[str]) -> None:
    """Check one element, which must be of one of the `allowed` types."""
    if not isinstance(element, dict) or element.get("type") not in allowed:
        kind = element.get("type") if isinstance(element, dict) else element
        findings.add(f"{pointer}/type", f"unsupported type: {kind}")
        return
    kind = element["type"]
    if kind == "image":
        check_image(findings, element, pointer)
        return
    findings.action_id(element, pointer)
    if kind == "button":
        findings.text(element, "text", pointer, limit=75, plain=True)
        if "value" in element:
            findings.length(element["value"], f"{pointer}/value", limit=2000)
        if "url" in element:
            findings.length(element["url"], f"{pointer}/url", limit=3000)
        if element.get("style") not in (None, "primary", "danger"):
            findings.add(f"{pointer}/style", "must be a valid enum value")
    elif kind in CHOICES or kind == "overflow" or kind.endswith("static_select"):
        _options(findings, element, pointer)
    elif kind == "plain_text_input":
        for name in ("max_length", "min_length"):
            if name in element and not 0 <= int(element[name]) <= 3000:
                findings.add(f"{pointer}/{name}", "must be between 0 and 3000")
        if "initial_value" in element:
            findings.length(element["initial_value"], f"{pointer}/initial_value", limit=3000)
    if kind == "number_input" and "is_decimal_allowed" not in element:
        findings.add(pointer, "missing required field: is_decimal_allowed")
    if "placeholder" in element:
        findings.text(element, "placeholder", pointer, limit=150, plain=True)
    if "confirm" in element:
        for name, limit in _CONFIRM_LIMITS.items():
            findings.text(element["confirm"], name, f"{pointer}/confirm", limit=limit)


def check_image(findings: Findings, image: Json, pointer: str) -> None:
    """Check an image block or element."""
    if not (image.get("image_url") or image.get("slack_file")):
        findings.add(pointer, "missing required field: image_url")
    if "alt_text" not in image:
        findings.add(pointer, "missing required field: alt_text")
    else:
        findings.length(image["alt_text"], f"{pointer}/alt_text", limit=2000)


def _options(findings: Findings, element: Json, pointer: str) -> None:
    groups = element.get("option_groups")
    options = element.get("options")
    if isinstance(groups, list) and groups:
        for at, group in enumerate(groups):
            findings.text(group, "label", f"{pointer}/option_groups/{at}", limit=75, plain=True)
        options = [option for group in groups for option in group.get("options", ())]
    if not isinstance(options, list) or not options:
        findings.add(pointer, "missing required field: options")
        return
    limit = _MAX_OPTIONS.get(element["type"], 100)
    if len(options) > limit:
        findings.add(f"{pointer}/options", f"no more than {limit} items allowed")
    values = []
    for at, option in enumerate(options):
        place = f"{pointer}/options/{at}"
        if not isinstance(option, dict):
            findings.add(place, "must be an option object")
            continue
        findings.text(option, "text", place, limit=75)
        findings.length(option.get("value"), f"{place}/value", limit=150)
        values.append(option.get("value"))
    initial = element.get("initial_options", [])
    if "initial_option" in element:
        initial = [element["initial_option"]]
    for chosen in initial:
        if not isinstance(chosen, dict) or chosen.get("value") not in values:
            findings.add(f"{pointer}/initial_option", "initial option was not found in options")
