"""Where reports go, by the configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.bootstrap import report_forms, targets
from bot.config import load
from bot.domain.publication import Target, TargetKind
from bot.errors import ConfigError


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the host's configuration file and variables."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MAYDAY_CONFIG", raising=False)


def configured(text: str) -> tuple[Target, ...]:
    """The targets of this mayday.yaml."""
    file = Path("mayday.yaml")
    file.write_text(text, encoding="utf-8")
    return targets(load(file))


def test_without_a_list_they_are_the_folder_and_the_repository() -> None:
    folder = Target(kind=TargetKind.FOLDER)
    assert configured("{}") == (folder,)
    ours = Target(kind=TargetKind.ISSUE, repository="o/ours", is_private=True)
    assert set(configured("github: {repository: o/ours}")) == {folder, ours}


def test_the_first_of_its_kind_keeps_its_key_when_its_repository_is_renamed() -> None:
    found = configured(
        """
github: {repository: o/Ours}
report:
  targets:
    - {to: issue, private: true}
    - {to: issue, repository: O/other}
    - {to: pull_request, repository: o/ours, base: staging, path: "d/{date}-{slug}.qmd", index: d/i.qmd}
    - {to: folder}
    - {to: folder, form: 2017}
"""
    )
    assert [(each.kind.value, each.subject) for each in found] == [
        ("issue", ""),
        ("issue", "o/other"),
        ("pull_request", ""),
        ("folder", ""),
        ("folder", "2017"),
    ]
    assert found[0].repository == "o/Ours" and found[0].is_private and not found[1].is_private
    assert (found[2].base, found[2].index) == ("staging", "d/i.qmd")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[{to: wiki}]", r"report\.targets"),
        ("[{to: issue}]", "needs a repository"),
        ("[{to: issue, repository: x}]", "owner/name"),
        ("[{to: folder}, {to: folder}]", "the same form and repository"),
        ("[{to: issue, repository: a/B}, {to: issue, repository: A/b}]", "the same form"),
        ('[{to: folder, path: "../{slug}.md"}]', "write a path below"),
        ('[{to: folder, path: "/{slug}.md"}]', "write a path below"),
        ('[{to: folder, path: "{title}.md"}]', "write a path below"),
        ('[{to: folder, path: "{date.year}.md"}]', "write a path below"),
        ('[{to: folder, path: "{slug"}]', "write a path below"),
        ('[{to: folder, path: "{slug}.html"}]', "write a path below"),
        ('[{to: folder, index: "a/../b"}]', "write a path below"),
    ],
)
def test_what_cannot_be_is_refused_with_its_key(text: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        configured(f"report: {{targets: {text}}}")


def test_a_target_whose_form_does_not_exist_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "mayday.yaml"
    file.write_text("report: {targets: [{to: folder, form: novel}]}")
    with pytest.raises(ConfigError, match="no report form"):
        report_forms(load(file))
