"""Templates run in a sandbox: they show what they are given, and can't read, call or last."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bot.forms import TemplateProblem, check, render
from bot.forms import templates as sandbox

VALUES: dict[str, Any] = {
    "title": "T",
    "rows": ("a", "b"),
    "box": lambda ticked: "x" if ticked else " ",
}


def checked(text: str, **others: str) -> tuple[tuple[str, str], ...]:
    templates = (("report.md.j2", text), *others.items())
    check("ours", templates, values=("title", "rows"), functions=("box",))
    return templates


def test_what_a_template_can_do() -> None:
    templates = checked(
        "{# a comment #}# {{ title | lower }}{% if rows and title != 'x' %}\n\n"
        "{% for row in rows %}\n- [{{ box(loop.first) }}] {{ row }}\n{% else %}\nnone\n{% endfor %}\n"
        "{% include 'end.j2' %}{% endif %}",
        **{"end.j2": "{{ rows | join(', ') }}{{ '!' if rows else '' }}"},
    )
    assert render("ours", templates, VALUES) == "# t\n- [x] a\n- [ ] b\na, b!"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{{ title", r"line 1"),
        ("a\n{% if title %}", r"line 2"),
        ("a\n\n{{ titel }}", r'\(line 3\): there is no value "titel": use one of box, rows, title'),
        ("{{ title.__class__ }}", 'the attribute "__class__"'),
        ("{{ title.upper() }}", "a template can call only box"),
        ("{{ box.__globals__ }}", 'the attribute "__globals__"'),
        ("{{ ''['__class__'] }}", "indexes in brackets"),
        ("{{ title | attr('__class__') }}", 'the filter "attr" isn\'t available'),
        ("{{ title | replace('a', 'b') }}", 'the filter "replace"'),
        ("{% for n in range(9) %}{% endfor %}", "range|a template can call only"),
        ("{% set a = title %}{{ a }}", "can't use set"),
        ("{% macro m() %}{% endmacro %}", 'can\'t use "macro"'),
        ("{{ title * 9 }}", "arithmetic"),
        ("{{ title ~ title }}", "can't use ~"),
        ("{% include '/etc/passwd' %}", 'has no template "/etc/passwd"'),
        ("{% include '../x.j2' %}", "has no template"),
        ("{% include title %}", "has no template"),
        ("{% import 'report.md.j2' as x %}", 'can\'t use "import"'),
        ("{% extends 'report.md.j2' %}", 'can\'t use "extends"'),
        ("{% include 'report.md.j2' %}", "includes another"),
        ("{% for x in rows recursive %}{% endfor %}", "recursive loops"),
        ("{% for row in rows %}{% endfor %}{{ undefined }}", "undefined"),
    ],
)
def test_what_a_template_cannot_do(text: str, said: str) -> None:
    with pytest.raises(TemplateProblem, match=said) as raised:
        checked(text)
    assert str(raised.value).startswith(
        'The template report.md.j2 of the form "ours" can\'t be used'
    )


def test_an_included_template_includes_no_other() -> None:
    with pytest.raises(TemplateProblem, match=r"a\.j2 .*includes another"):
        checked("{% include 'a.j2' %}", **{"a.j2": "{% include 'a.j2' %}"})


def test_a_missing_attribute_is_refused_with_the_file_and_the_line() -> None:
    templates = checked("a\n{% include 'b.j2' %}", **{"b.j2": "\n\n{{ title.nothing }}"})
    with pytest.raises(TemplateProblem, match=r"b\.j2 .*\(line 3\): .*nothing"):
        render("ours", templates, VALUES)


@pytest.mark.parametrize(
    ("name", "limit", "text"),
    [
        (
            "OUTPUT_LIMIT",
            20,
            "{% for a in rows %}{{ rows | join(title) }}{{ title }}xxxxxxxx{% endfor %}",
        ),
        ("STEP_LIMIT", 5, "{% for a in rows %}{% for b in rows %}{% endfor %}{% endfor %}"),
        ("SECONDS", -1.0, "{{ title }}"),
    ],
)
def test_a_template_has_limits(
    monkeypatch: pytest.MonkeyPatch, name: str, limit: Any, text: str
) -> None:
    templates = checked(text)
    assert render("ours", templates, VALUES) is not None
    monkeypatch.setattr(sandbox, name, limit)
    with pytest.raises(TemplateProblem, match=r"more than -?\d"):
        render("ours", templates, VALUES)


@pytest.mark.parametrize(
    "text",
    [
        "{{ rows }}",
        "{{ rows | upper }}",
        "{{ rows | join(rows) }}",
        "{{ box }}",
        "{{ title.upper }}",
    ],
)
def test_only_texts_and_numbers_are_printed(text: str) -> None:
    templates = checked(text)
    with pytest.raises(TemplateProblem, match="it prints a value of type"):
        render("ours", templates, VALUES)
    assert render("ours", checked("{{ rows | length }}{{ rows | last | upper }}"), VALUES) == "2B"


def test_an_error_of_a_function_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    broken: Callable[[], str] = lambda: {}["x"]  # noqa: E731
    templates = checked("{{ box() }}")
    with pytest.raises(TemplateProblem, match="line 1"):
        render("ours", templates, {**VALUES, "box": broken})
