"""Decodes the bytes of a report, whatever program wrote them."""

from __future__ import annotations

_BOMS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
_HEAD = 8_192
"""Bytes in which a file that is no text has a NUL."""
_FALLBACK = "windows-1252"


def decoded(content: bytes) -> tuple[str, str]:
    """Return the text and the name of its encoding: UTF-8, UTF-16 with a mark, or Windows-1252.

    Windows-1252 contains the printable part of Latin-1. Its five undefined bytes are read as Latin-1.
    """
    for mark, encoding in _BOMS:
        if content.startswith(mark):
            return content[len(mark) :].decode(encoding, errors="replace"), encoding
    try:
        return content.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        pass
    try:
        return content.decode(_FALLBACK), _FALLBACK
    except UnicodeDecodeError:
        return content.decode("latin-1"), "latin-1"


def is_text(content: bytes) -> bool:
    """Return whether the bytes are a text rather than a PDF, a picture or an archive."""
    is_marked = content.startswith(tuple(mark for mark, _encoding in _BOMS))
    return is_marked or not (content.startswith(b"%PDF-") or b"\0" in content[:_HEAD])
