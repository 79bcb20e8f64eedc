"""Reports as Markdown files in a folder, each incident's always in the same one."""

from __future__ import annotations

import os
import tempfile
from itertools import count
from pathlib import Path

from bot.errors import Tell
from bot.ports import Origin
from bot.render.parts import carries, marked, marker


class ReportFolder:
    """A folder of reports. Fulfils :class:`bot.ports.Folder`.

    Files are told apart by the mark at their end, so that people may rename them, and so that a file
    they wrote themselves is never touched. A file is written aside and then put in place whole.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def put(self, name: str, text: str, *, origin: Origin) -> str:
        """See :meth:`bot.ports.Folder.put`."""
        mark = marker(origin)
        whole = marked(text, mark)
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            found = self._find(mark)
            if found is None:
                return str(self._add(name, whole))
            if found.read_text(encoding="utf-8") != whole:
                aside = self._aside(whole)
                aside.replace(found)
            return str(found)
        except OSError as exc:
            raise Tell(
                f"The report cannot be written to {self._directory} ({exc.strerror}): make it a "
                "folder that mayday may write to, or change report.directory.",
                code="folder",
            ) from exc

    def _find(self, mark: str) -> Path | None:
        for file in sorted(self._directory.glob("*.md")):
            if carries(file.read_text(encoding="utf-8", errors="replace"), mark):
                return file
        return None

    def _add(self, name: str, whole: str) -> Path:
        """Put it under the first name that is free; a link fails where a file stands already."""
        aside = self._aside(whole)
        try:
            for number in count(1):
                file = self._directory / (f"{name}.md" if number == 1 else f"{name}-{number}.md")
                try:
                    os.link(aside, file)
                except FileExistsError:
                    continue
                return file
        finally:
            aside.unlink()
        raise AssertionError("count() does not end")

    def _aside(self, whole: str) -> Path:
        handle, path = tempfile.mkstemp(dir=self._directory, prefix=".report-", suffix=".tmp")
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(whole)
            file.flush()
            os.fsync(file.fileno())
        # mkstemp lets only its owner read; a report is for everybody who may see the folder.
        aside = Path(path)
        aside.chmod(0o644)
        return aside
