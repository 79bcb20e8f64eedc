"""The words and figures in which people write days, clocks, and what joins them."""

from __future__ import annotations

import re

from bot.domain.time_grammar import MONTH as _MONTH
from bot.domain.time_grammar import ORDINAL, PM
from bot.domain.time_grammar import WEEKDAY as _WEEKDAY

WORDS = ("may", "mar", "march")
"""Months that are words, too, where they stand in small letters and without a year."""

MONTH = rf"(?P<month>{_MONTH})"
HALF = rf"(?P<half>\s{{0,3}}{PM}|[ap](?!\w))"
END = r"(?!:?\d|\.\d|\s?[ap]\.?m\b)"
YEAR = rf"(?P<year>(?:19|20)\d\d){END}"


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


CLOCKS = (
    _compiled(
        r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?!\d)"
        rf"(?::(?P<second>\d{{2}})(?:[.,]\d{{1,9}})?(?!\d))?{HALF}?"
    ),
    _compiled(rf"(?P<hour>\d{{1,2}})(?:\.(?P<minute>\d{{2}}))?(?P<second>(?!))?{HALF}"),
    # 2-3pm: an hour alone, if the end of the span has a half of the day.
    _compiled(
        r"(?P<hour>\d{1,2})(?P<minute>(?!))?(?P<second>(?!))?(?P<half>(?!))?"
        r"(?=\s?(?:-|to|until)\s?\d{1,2}(?:[:.]\d\d)?\s?[ap]\.?m\b)"
    ),
)
STAMP = _compiled(r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)T(?=\d{4})")
STAMP_CLOCK = _compiled(
    r"(?P<hour>\d\d)(?P<minute>\d\d)(?P<second>\d\d)?(?:[.,]\d{1,9})?(?!\d)(?P<half>(?!))?"
)
ISO = _compiled(r"(?P<year>\d{4})([-/])(?P<month>\d{1,2})\2(?P<day>\d{1,2})(?!\d)(?:T(?=\d))?")
ACCESS_LOG = _compiled(rf"(?P<day>\d{{1,2}})/{MONTH}/(?P<year>\d{{4}}):(?=\d\d:)")
FIGURES = _compiled(
    r"(?P<first>\d{1,2})(?P<mark>[-/.])(?P<second>\d{1,2})(?:\2(?P<year>\d{4}|\d{2}))?"
    r"(?![\d:/-]|\.\d|\s?[ap]\.?m\b)"
)
MONTH_DAY = _compiled(rf"{MONTH}\s?(?P<day>\d{{1,2}})(?:st|nd|rd|th)?{END}(?:\s?,?\s?{YEAR})?")
MONTH_YEAR = _compiled(rf"{MONTH},?\s?{YEAR}")
MONTH_TO = _compiled(
    rf"{MONTH}(?=\s?(?:-{{1,3}}>?|→|\s(?:to|until|through|and)\s)\s?"
    rf"{MONTH.replace('<month>', '<last>')},?\s?{YEAR})"
)
DAY_TO = _compiled(
    r"(?P<day>\d{1,2})(?:st|nd|rd|th)?(?=\s?(?:-{1,3}>?|→|\s(?:to|until|through|and)\s)\s?"
    rf"\d{{1,2}}(?:st|nd|rd|th)?(?:\s+of)?\s?{MONTH})"
)
LAST_DAY = _compiled(rf"(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?![\w/]){END}(?:\s?,?\s?{YEAR})?")
DAY_MONTH = _compiled(rf"(?P<day>\d{{1,2}}){ORDINAL}(?:\s+of)?[\s-]?{MONTH}(?:[\s,-]\s?{YEAR})?")
RELATIVE = _compiled(r"(?P<word>today|yesterday)(?![\w'])")
WEEKDAY = _compiled(rf"(?P<weekday>{_WEEKDAY})")
LATE_YEAR = _compiled(YEAR)
ABOUT = _compiled(r"[~≈∼]\s*|(?:about|around|approximately|approx\.?|circa|ca\.|roughly)\s+")
FILLER = _compiled(r"[,\s]+|(?:at|on)\s+|[\[\]{}]+")
DASH = _compiled(r"\s*-\s+|,?\s+-\s*(?=\d)")
OPENING = _compiled(r"(?P<word>between|from)\s+")
JOINED = _compiled(r"\s*(?:-{1,3}>?|→)\s*|\s+(?:to|until|till|til|through)\s+")
AND = _compiled(r"\s+and\s+")
DASHED = _compiled(
    rf"\s?-(?P<hour>\d\d)(?P<colon>:?)(?P<minute>\d\d)?(?P<second>:\d\d)?{HALF}?(?![\w:])"
)
