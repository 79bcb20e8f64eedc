"""The practice GitHub's pages of issues, so that every link in a report works."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from markdown_it import MarkdownIt

from sandbox.github_keep import PracticeIssue

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #1f2328; max-width: 52rem; margin: 2rem auto;
  padding: 0 1rem; }
a { color: #0969da; } h1 small { color: #59636e; font-weight: normal; }
article { border: 1px solid #d1d9e0; border-radius: 6px; padding: 0 1rem; margin: 1rem 0;
  overflow-x: auto; }
.label { background: #d93f0b; color: #fff; border-radius: 1em; padding: 0 .6em; font-size: 12px; }
li { margin: .2rem 0; } pre { background: #f6f8fa; padding: .8rem; border-radius: 6px; }
blockquote { border-left: 3px solid #d1d9e0; margin-left: 0; padding-left: 1rem; color: #59636e; }
"""


def issue(one: PracticeIssue) -> str:
    """One issue with its comments."""
    texts = "".join(f"<article>{_markdown(text)}</article>" for text in (one.body, *one.comments))
    head = f"<h1>{escape(one.title)} <small>#{one.number}</small></h1>"
    return _page(
        one.title,
        f'<p><a href="../issues">All issues</a></p>{head}'
        f"<p>{escape(one.state)} {_labels(one)}</p>{texts}",
    )


def listing(issues: Sequence[PracticeIssue]) -> str:
    """All issues, newest first."""
    lines = "".join(
        f'<li><a href="{escape(one.url)}">{escape(one.title)}</a> #{one.number} {_labels(one)}</li>'
        for one in reversed(issues)
    )
    return _page("Issues", f"<h1>Issues</h1><ul>{lines}</ul>" if lines else "<p>No issues.</p>")


def _labels(one: PracticeIssue) -> str:
    return " ".join(f'<span class="label">{escape(label)}</span>' for label in one.labels)


def _markdown(text: str) -> str:
    """GitHub's rendering: comments hidden, other HTML as text, line breaks kept."""
    seen = [line for line in text.splitlines() if not line.startswith("<!-- mayday:")]
    reader = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable("strikethrough")
    page = str(reader.render("\n".join(seen)))
    return page.replace("<li>[x] ", "<li>☑ ").replace("<li>[ ] ", "<li>☐ ")


def _page(title: str, body: str) -> str:
    return (
        "<!doctype html><html lang=en><head><meta charset=utf-8>"
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>{body}</body></html>"
    )
