"""What is wrong with blocks, collected: Slack names every fault with its place, not only the first."""

from collections.abc import Collection
from typing import Any

from sandbox.slack.values import Json, new_id


class Findings:
    """Collects what is wrong, each with the place, in the words of Slack's own messages."""

    def __init__(self) -> None:
        self.messages: list[str] = []
        self._action_ids: set[str] = set()
        self._focused = False
        self._spent: dict[str, int] = {}

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

    def choice(self, value: Any, pointer: str, allowed: Collection[str]) -> None:
        """Check that `value` is one of the allowed words."""
        if value not in allowed:
            self.add(pointer, f"must be one of {', '.join(sorted(allowed))}")

    def whole(self, value: Any, pointer: str, *, least: int, most: int) -> None:
        """Check that `value` is a whole number from `least` to `most`."""
        if isinstance(value, bool) or not isinstance(value, int):
            self.add(pointer, "must be an integer")
        elif not least <= value <= most:
            self.add(pointer, f"must be between {least} and {most}")

    def truth(self, holder: Json, key: str, pointer: str) -> None:
        """Check that `holder[key]`, where it stands, is true or false."""
        if key in holder and not isinstance(holder[key], bool):
            self.add(f"{pointer}/{key}", "must be a boolean")

    def items(self, value: Any, pointer: str, *, least: int = 1, most: int) -> list[Any]:
        """The items of an array of `least` to `most`; of anything else, none."""
        if not isinstance(value, list):
            self.add(pointer, "must be an array")
            return []
        if len(value) > most:
            self.add(pointer, f"no more than {most} items allowed")
        elif len(value) < least:
            self.add(pointer, f"no fewer than {least} items allowed")
        return value

    def spend(
        self, budget: str, amount: int, pointer: str, *, most: int, message: str = ""
    ) -> None:
        """Take `amount` from what one message or view may hold in all."""
        before = self._spent.get(budget, 0)
        self._spent[budget] = before + amount
        if before <= most < self._spent[budget]:
            self.add(pointer, message or f"must be less than {most + 1} characters in all")

    def focus(self, element: Json, pointer: str) -> None:
        """Check `focus_on_load`: only one element may ask for it."""
        self.truth(element, "focus_on_load", pointer)
        if element.get("focus_on_load") is True:
            if self._focused:
                self.add(f"{pointer}/focus_on_load", "only one element can have focus_on_load")
            self._focused = True

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
