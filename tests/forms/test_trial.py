"""A team's form is tried at start and by ``mayday check``: a bad one is refused with its line."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from rich.console import Console

from bot.bootstrap import report_forms, settings
from bot.check import check
from bot.config import Config, load
from bot.errors import ConfigError
from bot.forms import preset
from bot.forms.loading import presets
from bot.render.form_trial import try_form
from bot.render.report_values import FUNCTIONS, values
from tests.support.full_report import full_report

ROOT = Path(__file__).parents[2]


def config(directory: Path, template: str, *, form: str = "ours") -> Config:
    folder = directory / "forms" / "ours"
    folder.mkdir(parents=True)
    (folder / "form.yaml").write_text(
        "groups: [Ours]\nsections:\n  - {key: summary, heading: Summary}\n"
    )
    (folder / "report.md.j2").write_text(template)
    report = {"forms": folder.parent, "form": form, "directory": directory / "reports"}
    database = {"url": f"sqlite:///{directory / 'mayday.db'}"}
    return load(overrides={"report": report, "database": database})


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("# {{ title }}\n\n{{ summary }}\n", r'\(line 3\): there is no value "summary"'),
        (
            "# {{ title }}\n{% for a in entries %}\n{{ a.txt }}\n{% endfor %}\n",
            r"\(line 3\): .*'txt'",
        ),
        ("# {{ title }}\n{{ front.title }}\n", r"\(line 2\): .*'title'"),
        ("# {{ title }}\n{% if %}\n", r"\(line 2\)"),
        ("# {{ section() }}\n", r"\(line 1\): .*key"),
        ("# {{ heading(1, 2) }}\n", r"\(line 1\)"),
    ],
)
def test_a_bad_template_is_refused_before_it_is_used(
    tmp_path: Path, template: str, said: str
) -> None:
    made = config(tmp_path, template, form="plain")
    with pytest.raises(ConfigError, match=said) as raised:
        report_forms(made)
    assert str(raised.value).startswith(
        'report.forms: The template report.md.j2 of the form "ours" can\'t be used'
    )
    out = io.StringIO()
    assert not check(made, Console(file=out, width=400))
    assert re.search(f"reports +✗ +report.forms: .*{said}", out.getvalue())


def test_a_good_form_is_used_with_its_groups(tmp_path: Path) -> None:
    made = settings(config(tmp_path, "# {{ title }}\n\n{{ section('summary') }}\n"))
    assert (made.form.name, made.groups) == ("ours", ("Ours",))


def test_configured_groups_are_used_before_those_of_the_form(tmp_path: Path) -> None:
    incident = {"action_groups": ["Mine"]}
    loaded = load(overrides={"report": {"form": "mybinder"}, "incident": incident})
    assert settings(loaded).groups == ("Mine",)
    assert settings(load(overrides={"report": {"form": "mybinder"}})).groups == (
        "Process improvements",
        "Documentation improvements",
        "Technical improvements",
    )


@pytest.mark.parametrize("form", presets())
def test_every_preset_passes(form: str) -> None:
    try_form(preset(form))


def test_the_readme_names_the_presets_and_all_that_templates_can_use() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    table = re.findall(
        r"(?m)^\| `([\w-]+)`(?: \(or `\d+`\))? \| [^|]+ \| `[^|]*\{?2026-11-22", text
    )
    assert sorted(table) == sorted(presets())
    listed = text.partition("`report.md.j2`: a Jinja2 template.")[2].partition("Every value is")[0]
    known = values(
        full_report("plain"), issue_title="", labels=(), assignees=(), draft=False, front=True
    )
    named = set(re.findall(r"`(\w+)(?:\(\w+\))?`", listed)) - {"if", "for", "include"}
    assert named == set(known)
    assert set(FUNCTIONS) <= named
