"""``mayday import --store`` and ``--repo``, and ``mayday report similar``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bot import cli, report_store
from bot.errors import UserError
from bot.ports import PublishedFile, PublishedFiles, PublishedIssue, PublishedIssues
from bot.store import published
from bot.store import search as index
from bot.store.engine import Store
from tests.support.reports import CASES


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    url = f"sqlite:///{tmp_path / 'mayday.db'}"
    monkeypatch.setenv("MAYDAY_DATABASE__URL", url)
    monkeypatch.chdir(tmp_path)
    made = Store(url)
    made.migrate()
    return made


def ran(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(cli.app, [str(each) for each in arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def stored(store: Store) -> dict[str, str]:
    with store.read() as tx:
        assert index.count(tx) == len(published.all_reports(tx))
        return {each.report.source: each.report.title for each in published.all_reports(tx)}


def test_reports_are_stored_once_with_their_text(store: Store) -> None:
    code, out, _err = ran("import", "--store", CASES)
    assert code == 0
    assert out.count("✓ stored: ") == len(list(CASES.iterdir()))
    assert "✓ stored again: " in ran("import", "--store", CASES)[1]
    sources = stored(store)
    assert set(sources) == {str(path) for path in CASES.iterdir()}
    with store.read() as tx:
        raw = {each.report.source: each.report.raw for each in published.all_reports(tx)}
    assert all(text == Path(path).read_text(encoding="utf-8") for path, text in raw.items())


def test_json_and_a_file_that_cannot_be_read(store: Store, tmp_path: Path) -> None:
    code, out, err = ran("import", "--store", "--json", CASES / "disk-full.qmd", tmp_path / "none")
    assert code == 1
    assert [json.loads(line)["title"] for line in out.splitlines()] == list(stored(store).values())
    assert "none can't be read" in err
    assert "✓ stored: " in err


class Repository:
    """A repository with two reports, of which one changes."""

    def __init__(self) -> None:
        self.texts = {"docs/a.md": ("r1", "# 2020-01-01 - A\n"), "docs/b.md": ("r1", "# B\n")}
        self.asked: list[str] = []
        self.labels: Sequence[str] = ()
        self.revision = "r1"

    def files(self, path: str = "") -> PublishedFiles:
        files = tuple(
            PublishedFile(path=name, revision=revision, url=f"https://example.org/{name}")
            for name, (revision, _text) in self.texts.items()
            if name.startswith(path)
        )
        return PublishedFiles(files=files, is_private=True, is_complete=False)

    def read(self, file: PublishedFile) -> bytes:
        self.asked.append(file.path)
        return self.texts[file.path][1].encode()

    def issues(self, labels: Sequence[str]) -> PublishedIssues:
        self.labels = labels
        issue = PublishedIssue(
            number=7,
            title="[Incident] Hub is down",
            text="### Summary\r\n\r\nIt was down.\r\n",
            opened=date(2022, 4, 26),
            comments=2,
            revision=self.revision,
            url="https://example.org/issues/7",
        )
        return PublishedIssues(issues=(issue,) if "none" not in labels else (), is_complete=False)

    def comments(self, issue: PublishedIssue) -> list[str]:
        self.asked.append(f"comments of {issue.number}")
        return ["Restarted now.", "# After-action report\n\n## Timeline\n\n- 10:05 UTC it died\n"]

    def close(self) -> None:
        pass


@pytest.fixture
def repository(monkeypatch: pytest.MonkeyPatch) -> Repository:
    made = Repository()
    named: list[str] = []

    def open_it(_config: Any, name: str) -> Repository:
        named.append(name)
        return made

    monkeypatch.setattr(report_store, "report_repository", open_it)
    return made


def test_a_repository_is_read_and_only_what_changed_again(
    store: Store, repository: Repository
) -> None:
    code, _out, err = ran("import", "--store", "--repo", "example/hub", "--path", "docs")
    assert code == 0
    assert "example/hub is private. Everybody" in err
    assert "GitHub listed only a part of example/hub" in err
    assert stored(store) == {"example/hub:docs/a.md": "A", "example/hub:docs/b.md": "B"}
    repository.asked.clear()
    repository.texts["docs/a.md"] = ("r2", "# 2020-01-01 - A, changed\n")
    out = ran("import", "--store", "--repo", "example/hub")[1]
    assert repository.asked == ["docs/a.md"]
    assert "1 of example/hub unchanged" in out
    assert stored(store)["example/hub:docs/a.md"] == "A, changed"
    del repository.texts["docs/b.md"]
    ran("import", "--store", "--repo", "example/hub")
    assert "example/hub:docs/b.md" in stored(store), "nothing goes because a file is gone"


def test_a_repository_is_shown_without_a_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, repository: Repository
) -> None:
    monkeypatch.chdir(tmp_path)
    _code, out, _err = ran("import", "--json", "--repo", "example/hub")
    assert [json.loads(line)["path"] for line in out.splitlines()] == [
        "example/hub:docs/a.md",
        "example/hub:docs/b.md",
    ]
    assert repository.asked == ["docs/a.md", "docs/b.md"]


def test_issues_are_reports_with_the_comments_in_which_they_go_on(
    store: Store, repository: Repository
) -> None:
    asked = ("import", "--store", "--json", "--repo", "example/hub", "--path", "none", "--issues")
    _code, out, err = ran(*asked)
    assert "type: Hub Incident" in repository.labels
    assert "more issues with these labels" in err
    [made] = [json.loads(line) for line in out.splitlines()]
    assert (made["path"], made["title"]) == ("example/hub:issues/7", "[Incident] Hub is down")
    assert (made["date"], made["zone"]) == ("2022-04-26", "UTC")
    assert made["timeline"] == [
        {"raw": "10:05 UTC", "at": "2022-04-26T10:05:00+00:00", "until": None, "text": "it died"}
    ]
    assert (
        "The report has no date: 2022-04-26 is the day on which it was opened." in made["warnings"]
    )
    assert "Restarted now" not in out
    with store.read() as tx:
        [kept] = published.all_reports(tx)
    assert (kept.report.date, kept.report.url) == (
        date(2022, 4, 26),
        "https://example.org/issues/7",
    )
    repository.asked.clear()
    assert "1 of example/hub unchanged" in ran(*asked)[2]
    assert repository.asked == []
    repository.revision = "r2"
    ran(*asked)
    assert repository.asked == ["comments of 7"]


def test_labels_are_configurable(store: Store, repository: Repository) -> None:
    del store
    err = ran("import", "--repo", "example/hub", "--label", "none", "--label", "p1")[2]
    assert repository.labels == ("none", "p1")
    assert "no issue with the label none or p1" in " ".join(err.split())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["import"], "Name files or directories"),
        (["import", "--repo", "hub"], "owner and name"),
        (["import", "a.md", "--issues"], "name it with --repo"),
        (["report", "similar"], "must be like"),
    ],
)
def test_what_is_missing(store: Store, arguments: list[str], said: str) -> None:
    del store
    with pytest.raises(UserError, match=said):
        ran(*arguments)


def test_what_is_alike_and_how_well_that_works(store: Store) -> None:
    with pytest.raises(UserError, match="0 are stored"):
        ran("report", "similar", "--leave-one-out")
    ran("import", "--store", CASES)
    out = ran("report", "similar", "routes", "lost", "upgrade")[1]
    assert "2017-04-12 Routes are lost after an upgrade" in out.splitlines()[0]
    assert "No stored report" in ran("report", "similar", "volcano")[1]
    out = ran("report", "similar", "--leave-one-out")[1]
    assert f"{len(stored(store))} reports, each left out in turn" in out
    assert "mean reciprocal rank" in out
