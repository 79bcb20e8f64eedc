"""Reports in a folder: always the same file, never another's."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot.adapters.folder import ReportFolder
from bot.errors import RetryLater, UserError
from bot.ports import Origin
from bot.render.parts import marked, marker

ONE, TWO = Origin(incident="i1"), Origin(incident="i2")


def put(
    folder: ReportFolder, name: str, text: str, *, origin: Origin, private: bool = False
) -> str:
    """Write a report as publishing does, whatever is there; return its path."""
    whole, file_name = marked(text, marker(origin)), f"{name}.md"
    there = folder.find(origin)
    if there is None:
        return folder.add(file_name, whole)
    return folder.replace(there, whole, name=file_name if private else "")


def test_a_report_is_written_whole_for_mayday_alone(tmp_path: Path) -> None:
    path = Path(
        put(ReportFolder(tmp_path / "deep" / "reports"), "2017-02-24-x", "text", origin=ONE)
    )
    assert path == tmp_path / "deep" / "reports" / "2017-02-24-x.md"
    assert path.read_text() == "text\n\n<!-- mayday:incident=i1 -->\n"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert [file.name for file in path.parent.iterdir()] == ["2017-02-24-x.md"]


def test_the_same_incident_keeps_its_file_under_whatever_name(tmp_path: Path) -> None:
    folder = ReportFolder(tmp_path)
    path = Path(put(folder, "2017-02-24-x", "first", origin=ONE))
    path.rename(tmp_path / "renamed.md")
    assert put(folder, "2017-02-25-y", "second", origin=ONE) == str(tmp_path / "renamed.md")
    assert [file.name for file in tmp_path.iterdir()] == ["renamed.md"]
    assert "second" in (tmp_path / "renamed.md").read_text()


def test_what_is_so_already_is_not_written(tmp_path: Path) -> None:
    folder = ReportFolder(tmp_path)
    path = Path(put(folder, "x", "text", origin=ONE))
    before = path.stat()
    put(folder, "x", "text", origin=ONE)
    after = path.stat()
    # Reading the file may change its access time.
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_files_of_others_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "x.md").write_text("by hand")
    folder = ReportFolder(tmp_path)
    assert put(folder, "x", "one", origin=ONE) == str(tmp_path / "x-2.md")
    assert put(folder, "x", "two", origin=TWO) == str(tmp_path / "x-3.md")
    assert (tmp_path / "x.md").read_text() == "by hand"
    assert "one" in (tmp_path / "x-2.md").read_text()


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"change report\.directory"):
        put(ReportFolder(tmp_path / "file"), "x", "text", origin=ONE)


def test_a_report_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    folder = ReportFolder(tmp_path)
    path = Path(put(folder, "x", "text", origin=ONE))
    for text in ("text", "other"):
        path.chmod(0o644)
        put(folder, "x", text, origin=ONE)
        assert path.stat().st_mode & 0o777 == 0o600


def test_a_report_that_becomes_private_loses_its_name(tmp_path: Path) -> None:
    folder = ReportFolder(tmp_path)
    put(folder, "2017-02-24-breach-at-x", "text", origin=ONE)
    (tmp_path / "i1.md").write_text("by hand")
    for text in ("text", "other"):
        assert put(folder, "i1", text, origin=ONE, private=True) == str(tmp_path / "i1-2.md")
        assert sorted(file.name for file in tmp_path.iterdir()) == ["i1-2.md", "i1.md"]
    assert (tmp_path / "i1.md").read_text() == "by hand"


def test_a_full_disk_leaves_no_remains(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UserError, match="No space left on device"):
        put(ReportFolder(tmp_path), "x", "text", origin=ONE)
    assert list(tmp_path.iterdir()) == []


def test_whether_reports_can_be_written_is_asked_without_a_trace(tmp_path: Path) -> None:
    ReportFolder(tmp_path / "reports").check()
    assert list((tmp_path / "reports").iterdir()) == []
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"report\.directory"):
        ReportFolder(tmp_path / "file").check()


def test_what_people_write_below_the_mark_does_not_hide_the_file(tmp_path: Path) -> None:
    folder = ReportFolder(tmp_path)
    path = Path(put(folder, "x", "text", origin=ONE))
    path.write_text(path.read_text() + "\nA note by hand.\n")
    found = folder.find(ONE)
    assert found is not None and "A note by hand." in found.text


def test_a_file_that_changed_since_it_was_read_is_not_written_over(tmp_path: Path) -> None:
    folder = ReportFolder(tmp_path)
    path = Path(put(folder, "x", "text", origin=ONE))
    there = folder.find(ONE)
    assert there is not None
    path.write_text(there.text + "\nJust now.\n")
    with pytest.raises(RetryLater, match="changed by somebody just now"):
        folder.replace(there, "other")
    assert "Just now." in path.read_text()
    assert [file.name for file in tmp_path.iterdir()] == ["x.md"]


def test_of_two_copies_the_one_that_mayday_wrote_is_its_own(tmp_path: Path) -> None:
    folder = ReportFolder(tmp_path)
    path = Path(put(folder, "x", "text", origin=ONE))
    (tmp_path / "a-copy.md").write_text(path.read_text())
    found = folder.find(ONE, path=str(path))
    assert found is not None and found.path == str(path)


def test_a_file_in_another_encoding_is_left_alone(tmp_path: Path) -> None:
    folder = ReportFolder(tmp_path)
    path = Path(put(folder, "x", "text", origin=ONE))
    path.write_bytes(b"caf\xe9\n" + path.read_bytes())
    with pytest.raises(UserError, match="UTF-8"):
        folder.find(ONE)
