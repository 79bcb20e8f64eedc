"""What is written of a time: the parts of its one or two sides."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo


@dataclass(kw_only=True)
class Side:
    """What is written of one time; what isn't written is None or empty.

    ``relative`` is ``today`` or ``yesterday``, ``half`` is ``a`` or ``p``. ``figures`` is a day in figures,
    such as ``1/2``, without ``month`` and ``day`` if their order isn't known. ``is_iso`` is whether the
    clock follows a ``T``, ``is_named`` whether the month is a name.
    """

    year: int | None = None
    month: int | None = None
    day: int | None = None
    relative: str = ""
    weekday: int | None = None
    figures: str = ""
    is_iso: bool = False
    is_named: bool = False
    hour: int | None = None
    minute: int = 0
    second: int | None = None
    half: str = ""
    zone: tzinfo | None = None
    zone_name: str = ""

    @property
    def has_date(self) -> bool:
        """Whether a day is written."""
        named = (self.month, self.day, self.weekday)
        return any(one is not None for one in named) or bool(self.relative or self.figures)

    @property
    def is_day(self) -> bool:
        """Whether a day or a month is written without a clock; 3/4 alone may be a fraction."""
        is_fraction = bool(self.figures) and self.year is None
        return self.hour is None and self.has_date and not is_fraction

    @property
    def is_open(self) -> bool:
        """Whether only the other side of a span can say which day or month it is: ``6`` or ``Feb``."""
        return (self.day is not None and self.month is None and not self.figures) or (
            self.is_month and self.year is None
        )

    @property
    def is_month(self) -> bool:
        """Whether a month is written without a day."""
        return self.month is not None and self.day is None and not self.figures

    @property
    def is_like_time(self) -> bool:
        """Whether a clock is written, or a whole day or month."""
        return self.hour is not None or (self.is_day and not self.is_open)


@dataclass(kw_only=True)
class Words:
    """The parts of a time. ``end`` is the index in the text at which it ends.

    ``is_like_time`` is whether there is a day or a clock, ``is_complete`` whether there is a whole time: one
    or two clocks, or one or two days or months.
    """

    sides: tuple[Side, ...]
    is_about: bool
    is_complete: bool
    is_like_time: bool
    end: int

    @property
    def is_day(self) -> bool:
        """Whether it is days or months, without a clock."""
        return all(side.hour is None for side in self.sides)
