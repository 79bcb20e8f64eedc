"""The edit history of an issue, in which a text is found that somebody saved just before mayday wrote.

GitHub has no conditional update of issues. Its history has the whole text of each version, the latest first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from github.Requester import Requester

from bot.domain.merging import is_same

_MOST = 10
_QUERY = f"""
query($owner: String!, $name: String!, $number: Int!) {{
  repository(owner: $owner, name: $name) {{
    issue(number: $number) {{ userContentEdits(first: {_MOST}) {{ nodes {{ diff }} }} }}
  }}
}}"""


def versions(requester: Requester, repository: str, number: int) -> list[str | None]:
    """Return the latest texts of an issue, the latest first; None for one that people removed there."""
    owner, _, name = repository.partition("/")
    asked = {"owner": owner, "name": name, "number": number}
    _headers, answer = requester.graphql_query(_QUERY, asked)
    issue: Any = ((answer.get("data") or {}).get("repository") or {}).get("issue") or {}
    nodes = (issue.get("userContentEdits") or {}).get("nodes") or []
    return [node.get("diff") for node in nodes]


def lost_between(texts: Sequence[str | None], *, read: str, wrote: str) -> str | None:
    """Return the text that ``wrote`` replaced if it is later than the one that was ``read``, or None.

    It counts only if the history shows all three, so that a history which GitHub shortens or words in another
    way changes nothing.
    """
    if len(texts) < 3 or not _is(texts[0], wrote) or _is(texts[1], read):
        return None
    return texts[1] if any(_is(each, read) for each in texts[2:]) else None


def _is(text: str | None, other: str) -> bool:
    return text is not None and is_same(text, other)
