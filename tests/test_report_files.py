"""``mayday import`` and ``mayday report lint`` on files."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot import cli, report_files
from tests.support.reports import CASES


def ran(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(cli.app, [str(each) for each in arguments])
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(CASES, tmp_path / "reports")
    (tmp_path / "reports" / "picture.png").write_bytes(b"\x89PNG")
    (tmp_path / "reports" / ".git").mkdir()
    (tmp_path / "reports" / ".git" / "notes.md").write_text("# no report")
    return tmp_path / "reports"


def test_one_object_for_each_file(folder: Path) -> None:
    code, out, _err = ran("import", "--json", folder)
    read = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert [Path(each["path"]).name for each in read] == sorted(
        path.name for path in CASES.iterdir()
    )
    assert {len(each) for each in read} == {10}


def test_words_for_people(folder: Path) -> None:
    code, out, _err = ran("import", folder / "disk-full.qmd")
    assert code == 0
    assert "The disk of the hub: full" in out
    assert "datahub-quarto, 2021-09-14, no time zone: 2 entries, 0 action items" in out
    assert "! line 10: The report names no time zone." in out


def test_other_encodings_and_what_a_terminal_would_act_on(tmp_path: Path) -> None:
    file = tmp_path / "a.md"
    file.write_bytes("# 2020-01-01 - Gr\xfc\xdfe \x1b[31m\n".encode("latin-1"))
    assert "Grüße \\u001b[31m" in ran("import", file)[1]
    assert json.loads(ran("import", "--json", file)[1])["title"] == "Grüße \x1b[31m"


def test_a_file_that_cannot_be_read_does_not_stop_the_others(folder: Path) -> None:
    code, out, err = ran("import", "--json", folder / "none.md", folder / "disk-full.qmd")
    assert (code, len(out.splitlines())) == (1, 1)
    assert "none.md can't be read" in err


def test_a_file_that_is_no_text_is_named_and_the_others_are_read(folder: Path) -> None:
    (folder / "a.pdf").write_bytes(b"%PDF-1.4\n%\xe2\xe3")
    code, out, err = ran("import", "--json", folder / "a.pdf", folder / "disk-full.qmd")
    assert code == 1
    assert "a.pdf can't be read: it isn't text." in " ".join(err.split())
    assert json.loads(out)["title"]


def test_a_folder_without_reports(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli.app, ["import", str(tmp_path)])
    assert result.exit_code == 1
    assert "contains no report" in str(result.exception)


def test_findings_with_their_lines_and_remedies(folder: Path) -> None:
    code, out, _err = ran("report", "lint", folder / "disk-full.qmd")
    assert code == 1
    first, second = out.splitlines()
    assert first.endswith("disk-full.qmd:10: The report names no time zone. [zone]")
    assert second.strip() == "Write it at the top of the timeline: All times in PST."
    file = folder / "disk-full.qmd"
    file.write_text(file.read_text().replace("### 2021-09-14 08:15", "UTC times\n\n### 08:15"))
    file.write_text(file.read_text().replace("UTC times", "All times in UTC"))
    assert ran("report", "lint", file)[:2] == (0, f"✓ {file}\n")


def test_links_are_followed_only_when_asked(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, ...]] = []

    def missing(urls: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        asked.append(urls)
        return urls[:1], urls[1:]

    monkeypatch.setattr(report_files, "missing_pages", missing)
    file = folder / "a.md"
    file.write_text(
        "# 2020-01-01 - A\n\n## Summary\n\nSee https://example.org/1, [b](b.md), [c](disk-full.qmd#x)\n"
        "and https://example.org/2.\n"
    )
    assert ran("report", "lint", file)[0] == 0
    assert asked == []
    code, out, err = ran("report", "lint", "--links", file)
    assert code == 1
    assert [line for line in out.splitlines() if "[broken-link]" in line] == [
        f"{file}:5: The page https://example.org/1 doesn't exist, or only some people can see it."
        " [broken-link]",
        f"{file}:5: The file b.md doesn't exist. [broken-link]",
    ]
    assert "whether the page exists: https://example.org/2" in err
