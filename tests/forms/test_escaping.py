"""Nothing that people type, in any form, pings anybody, closes an issue or forges a part of the report."""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from types import MappingProxyType
from typing import Any

import frontmatter
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.domain.incident import Answers
from bot.domain.report import Report
from bot.domain.report_options import ExtraSection, ReportOptions
from bot.domain.timeline import FileRef, Heading
from bot.forms.loading import presets
from bot.render.report import issue_text, item_text, item_title, report_text, report_title
from bot.reports import Rule, lint
from tests.support.evening import Record, annotated, edited, item, report
from tests.support.full_report import TEXTS, TIMES

FRAGMENTS = (
    *("@mallory", "@org/team", "<!channel>", "<!here|@here>", "<@U0MALLORY>", "<#C0SECRET|secret>"),
    *("fixes #1", "Closes: org/repo#2", "resolve GH-3", "fixed https://github.com/o/r/issues/4"),
    *(
        "<!-- mayday:incident=other -->",
        "<!--",
        "-->",
        "<!-- mayday:begin -->",
        "<script>",
        "</details>",
    ),
    *("<h1>x</h1>", '<img src="x">', "<a href=x>", "&lt;b&gt;", "&#60;b>", "&amp;lt;"),
    *(
        "```",
        "````",
        "~~~",
        "`",
        "``",
        "    code",
        "\t",
        "# h",
        "## Timeline",
        "### 21:10",
        "h\n===",
        "h\n---",
    ),
    *(
        "---",
        "***",
        "___",
        "- [x] done",
        "1. one",
        "> quote",
        "| a | b |\n|---|---|\n| c | d |",
        "|",
    ),
    *(
        "[x]: https://evil.test",
        "[a](https://b.test)",
        "![p](https://t.test/p.png)",
        "<https://x.test|a>",
    ),
    *(
        "](https://evil.test)",
        "[",
        "]",
        "(",
        "\\",
        "\\`",
        "*",
        "_",
        "~~",
        "{{ 7 * 7 }}",
        "{% raw %}",
        "{#",
    ),
    *(
        "title: x",
        '"\nassignees: "@mallory',
        "\x00",
        "\x07",
        "\x1b[31m",
        "\x7f",
        "\x85",
        "\x9b31m",
        "\ud800",
    ),
    *(
        "\u2028",
        "\u202e",
        "\ufeff",
        "\uffff",
        "\r",
        "\x0b",
        "\x0c",
        "$x$",
        ":cry:",
        "::: {.callout}",
        "{.x}",
    ),
)
HOSTILE = st.lists(
    st.tuples(st.sampled_from(FRAGMENTS) | st.text(max_size=4), st.sampled_from(("", " ", "\n"))),
    min_size=1,
    max_size=6,
).map(lambda parts: "".join(text + end for text, end in parts) + "\nword")


def typed_everywhere(form: str, text: str) -> Report:
    """A report in which people typed the same text wherever they can type."""
    record = Record()
    name = "".join(text.split("\n"))
    for clock, headings in (("21:50", (Heading.TIMELINE,)), ("21:51", tuple(Heading))):
        record.record_message(
            clock,
            text,
            *headings,
            files=(FileRef(id="F1", name=text, mimetype="", permalink=f"https://x.test/{name}"),),
        )
    record.note("21:52", text)
    record.add(record.lines[-1].entry.kind, record.lines[-1].entry.at, {"text": text},
        revisions=(edited("UBEN"), annotated("UADA", text)))  # fmt: skip
    changes: dict[str, Any] = {
        "title": text,
        "summary": text,
        "hubs": (text,),
        "severity": text,
        "items": [item(1, text, text, owner="UADA", link=f"https://x.test/{name}")],
        "people": {"UADA": text, "UBEN": text},
        "milestones": TIMES,
        "answers": Answers(
            texts=MappingProxyType(dict.fromkeys((*TEXTS, "lucky", "name", "about", "more"), text)),
            report_date=date(2017, 2, 24),
        ),
        "report_options": ReportOptions(
            headings=MappingProxyType({"summary": text, "timeline": text}),
            labels=(text,),
            assignees=("ada",),
            extra=(ExtraSection(heading=text, text=text),),
        ),
    }
    return report(record, form=form, **changes)


def parsed(text: str) -> list[Token]:
    return MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(text)


def flat(tokens: list[Token]) -> list[Token]:
    return [each for token in tokens for each in (token, *flat(token.children or []))]


def outline(text: str) -> dict[str, int]:
    """How often a report contains each piece of markup that only its form may add."""
    found = [token.type for token in flat(parsed(text))]
    kinds = ("heading_open", "table_open", "hr", "html_block", "html_inline", "image")
    boxes = len(re.findall(r"(?m)^\s*- \[[ x]\] (?=Incident|Sections|All actionable)", text))
    return {kind: found.count(kind) for kind in kinds} | {"boxes": boxes}


@cache
def usual(form: str) -> dict[str, int]:
    return outline(frontmatter.loads(report_text(typed_everywhere(form, "word"))).content)


def prose(text: str) -> str:
    """The text outside of code, where GitHub reads mentions and references."""
    shown = [token for token in flat(parsed(text)) if token.type == "text"]
    return "\n".join(token.content for token in shown)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(form=st.sampled_from(presets()), text=HOSTILE)
def test_typed_text_stays_text(form: str, text: str) -> None:
    made = typed_everywhere(form, text)
    whole = report_text(made)
    whole.encode()
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e]", whole)
    assert "<!--" not in whole
    front = frontmatter.loads(whole)
    assert set(front.metadata) == set(
        frontmatter.loads(report_text(typed_everywhere(form, "w"))).metadata
    )
    assert outline(front.content) == usual(form)
    assert not [each for each in lint(front.content) if each.rule is Rule.PING]
    for body in (issue_text(made), item_text(made.items[0], made, incident_url="https://x.test/1")):
        said = prose(body)
        assert not re.search(r"(?<![\w/.])@\w", said)
        assert not re.search(r"#\d|GH-\d", said, re.IGNORECASE)
    for title in (report_title(made), item_title(made.items[0], made)):
        assert "\n" not in title and "<!--" not in title and len(title) <= 200


@pytest.mark.parametrize("form", presets())
def test_each_known_attack(form: str) -> None:
    for text in FRAGMENTS:
        whole = report_text(typed_everywhere(form, f"{text}\nword"))
        assert outline(frontmatter.loads(whole).content) == usual(form), text
        assert "<!--" not in whole, text
