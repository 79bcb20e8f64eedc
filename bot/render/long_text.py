"""A text as the inputs of a form: several, where it is longer than one input of Slack may be.

Nothing of it is lost: the text between two inputs is kept in the form's metadata, as one letter each.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.errors import UserError
from bot.render import blocks as b

INPUT_LIMIT = 3000
"""Characters of one input."""

MOST_INPUTS = 14
TOO_LONG = "This text is too long for a form of Slack. Shorten the message that it comes from."

_BETWEEN = {"p": "\n\n", "l": "\n", "w": " ", "-": ""}
"""What separates two inputs: a text is split between paragraphs, else lines, else words, else anywhere."""


def name_of(name: str, number: int) -> str:
    """Return the block id of an input of a text; they are counted from 1."""
    return name if number == 1 else f"{name}.{number}"


@dataclass(frozen=True)
class LongText:
    """The texts of the inputs, and a letter for each joint between two of them."""

    texts: tuple[str, ...]
    joints: str

    @classmethod
    def entered(cls, name: str, joints: str, value: Callable[[str], str]) -> LongText:
        """Return what was submitted in the inputs of a text; ``value`` returns what one of them holds."""
        numbers = range(1, len(joints) + 2)
        return cls(tuple(value(name_of(name, number)) for number in numbers), joints)

    @property
    def whole(self) -> str:
        """The text."""
        first, *more = self.texts
        pairs = zip(self.joints, more, strict=True)
        return first + "".join(_BETWEEN[joint] + text for joint, text in pairs)

    @classmethod
    def of(cls, text: str) -> LongText:
        """Split a text.

        Raises:
            UserError: it is longer than a form can show.
        """
        texts: list[str] = []
        joints, rest = "", text
        while len(rest) > INPUT_LIMIT:
            joint, end = next(
                (letter, found)
                for letter, between in _BETWEEN.items()
                if (found := rest.rfind(between, 1, INPUT_LIMIT) if between else INPUT_LIMIT) > 0
            )
            texts.append(rest[:end])
            joints += joint
            rest = rest[end + len(_BETWEEN[joint]) :]
        if len(texts) < MOST_INPUTS:
            return cls((*texts, rest), joints)
        if len(text) > MOST_INPUTS * INPUT_LIMIT:
            raise UserError(TOO_LONG)
        starts = range(0, len(text), INPUT_LIMIT)
        return cls(tuple(text[at : at + INPUT_LIMIT] for at in starts), "-" * (len(starts) - 1))

    def blocks(
        self, name: str, label: str, *, optional: bool = False, hint: str = ""
    ) -> list[b.Block]:
        """Return the inputs."""
        count = len(self.texts)
        return [
            b.input_block(
                name_of(name, number),
                label if count == 1 else f"{label} ({number} of {count})",
                b.text_input("value", initial=text, multiline=True, limit=INPUT_LIMIT),
                optional=optional or number > 1,
                hint=hint if number == count else "",
            )
            for number, text in enumerate(self.texts, 1)
        ]
