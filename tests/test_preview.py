"""``mayday report preview`` prints an incident's report in any form, from the database alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.domain.incident import Answers
from bot.errors import MaydayError
from bot.ports import Profile
from bot.services.people import stored_names
from bot.store import people
from bot.store.engine import Store
from tests.support.rows import NAME, NOW, TEAM, stored

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ANA = Profile(id="U0ANA", team_id=TEAM, name="Ana", zone="", is_guest=False, is_bot=False)


@pytest.fixture
def made(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A stored incident, and a configuration in the working directory."""
    monkeypatch.chdir(tmp_path)
    answers = Answers(texts={"impact": "Nobody could log in."}, report_date=NOW.date())
    stored(store, summary="<@U0ANA> restarted it.", status="resolved", answers=answers)
    with store.write() as tx:
        people.remember(tx, ANA, team_id=TEAM, now=NOW)
    Path("mayday.yaml").write_text(f"database:\n  url: {store.url}\nreport:\n  form: plain\n")
    return store


def printed(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["report", "preview", *arguments], catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


@pytest.mark.parametrize("name", ["abc123abc123", NAME, f"#{NAME}"])
def test_an_incident_is_named_by_its_id_or_channel(made: Store, name: str) -> None:
    text = printed(name)
    assert text.startswith("# 2017-02-24 - Proxy was evicted\n\n## Summary\n\nAna restarted it.\n")
    assert "## Impact\n\nNobody could log in.\n" in text
    assert "Missing" not in text


def test_another_form_and_a_draft(made: Store) -> None:
    text = printed("--form", "2i2c", "--draft", NAME)
    assert text.startswith("# Incident report February 24 2017 - Proxy was evicted\n")
    assert "> **Missing:** What ended it?" in text
    assert "name: " in printed("--form", "2024", NAME)


def test_a_form_of_the_team_s_own(made: Store) -> None:
    folder = Path("forms/ours")
    folder.mkdir(parents=True)
    (folder / "form.yaml").write_text("sections:\n  - {key: impact, heading: Who noticed}\n")
    template = folder / "report.md.j2"
    template.write_text("# {{ title }}\n\n{{ heading('impact') }}: {{ section('impact') }}\n")
    config = Path("mayday.yaml")
    config.write_text(config.read_text() + "  forms: forms\n")
    assert printed("--form", "ours", NAME) == (
        "# Proxy was evicted\n\nWho noticed: Nobody could log in.\n"
    )
    template.write_text("# {{ title }}\n\n{{ titel }}\n")
    with pytest.raises(MaydayError, match=r'report\.md\.j2 of the form "ours".*line 3.*"titel"'):
        printed(NAME)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["inc-none"], "There is no incident “inc-none”"),
        (["--form", "novel", NAME], 'There is no report form "novel"'),
    ],
)
def test_what_does_not_exist_is_named(made: Store, arguments: list[str], said: str) -> None:
    with pytest.raises(MaydayError, match=said):
        printed(*arguments)


def test_names_that_nobody_has_asked_for_are_unknown(made: Store) -> None:
    found: Any = type("Found", (), {"users": frozenset({"U0BEN"}), "groups": frozenset()})()
    assert dict(stored_names(made, NOW, TEAM, found).people) == {"U0ANA": "Ana"}
