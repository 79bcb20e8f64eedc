"""Undoes what phones and keyboards do to typed input: – for -, ’ for ', spaces and characters nobody sees.

What goes to the report as words keeps its dashes and quotes, which do no harm there. What is read as a
command, a name or a time is compared without them. Names of hubs' users and of the configuration may have
such characters too, so both sides are compared in the same way, after an exact comparison.
"""

from __future__ import annotations

import re

_SPACES = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_UNSEEN = re.compile("[\u00ad\u180e\u200b\u2060-\u2064\ufeff]")
# Joiners and marks of direction belong to emoji and to scripts other than Latin, so they stay in those.
_JOINERS = re.compile("(?<![^\x00-\x7f])[\u200c-\u200f\u202a-\u202e\u2066-\u2069]+(?![^\x00-\x7f])")
_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"
_SINGLE = "\u2018\u2019\u201a\u201b\u2032\u00b4"
_DOUBLE = "\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb"
_DASH = re.compile("[\u2013\u2014]")
_MARKS = str.maketrans(
    {
        **dict.fromkeys(_DASHES, "-"),
        **dict.fromkeys(_SINGLE, "'"),
        **dict.fromkeys(_DOUBLE, '"'),
        "\uff1a": ":",
        "\u2236": ":",
    }
)
QUOTES = "\"'`" + _SINGLE + _DOUBLE


def spaced(text: str) -> str:
    """Return typed text with plain spaces, and without characters that nobody sees."""
    return _JOINERS.sub("", _UNSEEN.sub("", _SPACES.sub(" ", text)))


def plain_marks(text: str) -> str:
    """Return the text with plain dashes, quotes and colons; it has the same length."""
    return text.translate(_MARKS)


def plain_forms(name: str) -> tuple[str, ...]:
    """Return what a name with typographic dashes or quotes may mean; none for a name without.

    Phones make one dash of two.
    """
    forms = (plain_marks(name), plain_marks(_DASH.sub("--", name)))
    return tuple(dict.fromkeys(form for form in forms if form != name))


def same_key(word: str) -> str:
    """Return what is equal of two words that differ in case, quotes around them, dashes or spaces only."""
    return re.sub("--+", "-", plain_marks(spaced(word)).strip(QUOTES)).casefold()
