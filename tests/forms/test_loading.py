"""Forms are read from folders; what is wrong in one is said in a sentence with the file and the key."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import ConfigError
from bot.forms import ALIASES, Forms
from bot.forms.form_file import SECTION_LIMIT
from bot.forms.loading import SIZE_LIMIT, TEMPLATE_LIMIT

GOOD = "sections:\n  - {key: summary, heading: Summary}\n"
TEMPLATE = "# {{ title }}\n\n{{ section('summary') }}\n"


def own(directory: Path, text: str = GOOD, *, name: str = "ours", template: str = TEMPLATE) -> Path:
    folder = directory / name
    folder.mkdir(parents=True)
    (folder / "form.yaml").write_text(text)
    if template:
        (folder / "report.md.j2").write_text(template)
    return directory


def test_the_presets_have_their_names_and_former_names() -> None:
    forms = Forms.read(None)
    assert forms.names == ("2i2c", "datahub", "datahub-2017", "datahub-2024", "mybinder", "plain")
    assert {alias: forms.get(alias).name for alias in ALIASES} == ALIASES
    assert forms.get("datahub").file == "docs/incidents/{date}-{slug}.qmd"
    assert forms.get("datahub").index == "docs/incidents/index.qmd"


def test_a_teams_form_stands_beside_the_presets_and_may_replace_one(tmp_path: Path) -> None:
    own(tmp_path)
    forms = Forms.read(own(tmp_path, name="plain"))
    assert forms.get("ours").templates == (("report.md.j2", TEMPLATE),)
    assert [section.key for section in forms.get("plain").sections] == ["summary"]
    assert forms.get("2i2c").name == "2i2c"


def test_an_unknown_form_is_named_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r'"mybindr"\. Did you mean "mybinder"'):
        Forms.read(None).get("mybindr")
    with pytest.raises(ConfigError, match="use one of 2i2c, datahub"):
        Forms.read(None).get("../secret")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "must have keys and values"),
        ("- a", "must have keys and values"),
        ("sections: [", r"isn't valid YAML \(line 1\): "),
        (GOOD + "file: a\n b: c", r"isn't valid YAML \(line 4\): "),
        (GOOD + "labels: [!!python/object:os.system x]", r"isn't valid YAML \(line 3\): "),
        (GOOD + "title: 2017-99-99", "isn't valid YAML: month must be in 1..12"),
        (
            GOOD + "title: \x01",
            "isn't valid YAML.*: special characters are not allowed|doesn't allow",
        ),
        ("[" * 5000, "isn't valid YAML: it is nested too deeply"),
        ("? [a, b]\n: c", "isn't valid YAML"),
        (GOOD + "title: a\nfile: b.md\ntitle: c", 'line 5, "title": it stands twice'),
        ("sections:\n  - key: a\n    key: b\n    heading: A", 'line 3, "key": it stands twice'),
        ("title: x", 'line 1, "sections": it is missing'),
        (
            "sections:\n  - key: a\n    heading: A\n  - key: b\n    headin: B",
            'line 4, "sections.1.heading": it is missing',
        ),
        (
            "sections:\n  - key: a\n    heading: A\n    requierd: true",
            'line 4, "sections.0.requierd": there is no such key; did you mean "required"',
        ),
        (GOOD + "times:\n  seconds: maybe", 'line 4, "times.seconds": '),
        (GOOD + "12: x", 'line 3, "12": '),
        (GOOD + "labels: {a: b}", 'line 3, "labels": '),
        (GOOD + "times: 24h", 'line 3, "times": '),
        ("sections: []", '"sections"'),
        (GOOD + "colour: red", 'line 3, "colour": there is no such key; the keys are title, file'),
        (GOOD + "file: /etc/passwd", '"file": write a path below'),
        (GOOD + "file: ../{date}.md", '"file": write a path below'),
        (GOOD + "file: '{date}-{slug}'", '"file": write a path below'),
        (GOOD + "file: '{date.year}.md'", '"file": use only the placeholders {date}'),
        (GOOD + "file: '{.md'", '"file": use only the placeholders'),
        (GOOD + "title: '{title!r}'", '"title": use only the placeholders {date}, {year}, {title}'),
        (GOOD + "title: 'a\n\n  b'", '"title": '),
        (GOOD + "target: paper", '"target": '),
        (GOOD + "index: '{slug}.md'", '"index": write it without placeholders'),
        (GOOD + "index: /a.md", '"index": write a path below'),
        (GOOD + "times: {clock: 13h}", '"times.clock": '),
        (GOOD + "  - {key: title, heading: X}", 'the key "title" has another meaning'),
        (GOOD + "  - {key: summary, heading: Again}", 'the key "summary" stands twice'),
        ("sections:\n  - {key: 'A b', heading: X}", r'"sections.0.key": '),
        (
            "sections:\n"
            + "".join(f"  - {{key: k{n}, heading: X}}\n" for n in range(SECTION_LIMIT + 1)),
            '"sections": ',
        ),
    ],
)
def test_what_is_wrong_in_a_form_is_said_with_its_key(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as raised:
        Forms.read(own(tmp_path, text))
    assert "ours" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_folders_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is not a directory"):
        Forms.read(tmp_path / "none")
    with pytest.raises(ConfigError, match="has no form"):
        Forms.read(tmp_path)
    (tmp_path / ".git").mkdir()
    (tmp_path / "drafts").mkdir()
    with pytest.raises(ConfigError, match="has no form"):
        Forms.read(tmp_path)
    (tmp_path / "drafts" / "report.md.j2").write_text(TEMPLATE)
    with pytest.raises(ConfigError, match=r"The form drafts .* it has no form\.yaml"):
        Forms.read(tmp_path)
    (tmp_path / "drafts" / "report.md.j2").unlink()
    own(tmp_path, name="our form")
    with pytest.raises(ConfigError, match=r"The form our form .*: name its folder with letters"):
        Forms.read(tmp_path)
    for file in (tmp_path / "our form").iterdir():
        file.unlink()
    own(tmp_path, template="")
    with pytest.raises(ConfigError, match=r"it has no template report.md.j2"):
        Forms.read(tmp_path)
    template = tmp_path / "ours" / "report.md.j2"
    template.write_bytes(b"\xff")
    with pytest.raises(ConfigError, match="isn't UTF-8"):
        Forms.read(tmp_path)
    template.write_text("x" * (SIZE_LIMIT + 1))
    with pytest.raises(ConfigError, match=f"more than {SIZE_LIMIT} bytes"):
        Forms.read(tmp_path)
    for number in range(TEMPLATE_LIMIT + 1):
        (tmp_path / "ours" / f"{number}.j2").write_text("x")
    template.write_text("x")
    with pytest.raises(ConfigError, match=f"more than {TEMPLATE_LIMIT} templates"):
        Forms.read(tmp_path)
