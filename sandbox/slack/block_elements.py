"""Slack's rules for the interactive elements and text objects inside blocks.

Limits: https://docs.slack.dev/reference/block-kit (November 2026).
"""

from typing import Any

from sandbox.slack.block_inputs import check_input, check_options
from sandbox.slack.findings import Findings
from sandbox.slack.values import Json

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

_CONFIRM_LIMITS = {"title": 100, "text": 300, "confirm": 30, "deny": 30}


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
    findings.focus(element, pointer)
    if kind == "button":
        _button(findings, element, pointer)
    elif kind in CHOICES or kind == "overflow" or kind.endswith("static_select"):
        check_options(findings, element, pointer)
    if kind in INPUT_ELEMENTS:
        check_input(findings, element, pointer)
    if "placeholder" in element:
        findings.text(element, "placeholder", pointer, limit=150, plain=True)
    if "confirm" in element:
        _confirm(findings, element["confirm"], f"{pointer}/confirm")


def _button(findings: Findings, element: Json, pointer: str) -> None:
    findings.text(element, "text", pointer, limit=75, plain=True)
    for key, limit in (("value", 2000), ("url", 3000), ("accessibility_label", 75)):
        if key in element:
            findings.length(element[key], f"{pointer}/{key}", limit=limit)
    if element.get("style") not in (None, "primary", "danger"):
        findings.add(f"{pointer}/style", "must be a valid enum value")


def _confirm(findings: Findings, confirm: Any, pointer: str) -> None:
    if not isinstance(confirm, dict):
        findings.add(pointer, "must be an object")
        return
    for name, limit in _CONFIRM_LIMITS.items():
        findings.text(confirm, name, pointer, limit=limit)
    if confirm.get("style") not in (None, "primary", "danger"):
        findings.add(f"{pointer}/style", "must be a valid enum value")


def check_image(findings: Findings, image: Json, pointer: str) -> None:
    """Check an image block or element."""
    if not (image.get("image_url") or image.get("slack_file")):
        findings.add(pointer, "missing required field: image_url")
    if "alt_text" not in image:
        findings.add(pointer, "missing required field: alt_text")
    else:
        findings.length(image["alt_text"], f"{pointer}/alt_text", limit=2000)
