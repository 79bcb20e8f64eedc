"""Reports as Markdown files in a folder, each incident's always in the same one."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from bot.errors import UserError
from bot.ports import Origin
from bot.render.parts import carries, marked, marker

FOR_EVERYBODY = 0o644
FOR_MAYDAY = 0o600
"""A private incident's report: whoever else has an account there cannot read it."""


class ReportFolder:
    """A folder of reports. Fulfils :class:`bot.ports.Folder`.

    Files are told apart by the mark at their end, so that people may rename them, and so that a file
    they wrote themselves is never touched. A file is written aside and then put in place whole.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def put(self, name: str, text: str, *, origin: Origin, private: bool = False) -> str:
        """See :meth:`bot.ports.Folder.put`."""
        mark = marker(origin)
        whole = marked(text, mark)
        mode = FOR_MAYDAY if private else FOR_EVERYBODY
        with self._told():
            found = self._find(mark)
            if found is None:
                return str(self._add(name, whole, mode))
            if found.read_text(encoding="utf-8") != whole:
                self._aside(whole, mode).replace(found)
            return str(found)

    def check(self) -> None:
        """Return if reports can be written there.

        Raises:
            UserError: they cannot, and what to do.
        """
        with self._told():
            self._aside("", FOR_MAYDAY).unlink()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Make the folder, and turn what the system refuses into a sentence."""
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            yield
        except OSError as exc:
            raise UserError(
                f"The report cannot be written to {self._directory} ({exc.strerror}): make it a "
                "folder that mayday may write to, or change report.directory.",
                code="folder",
            ) from exc

    def _find(self, mark: str) -> Path | None:
        for file in sorted(self._directory.glob("*.md")):
            if carries(file.read_text(encoding="utf-8", errors="replace"), mark):
                return file
        return None

    def _add(self, name: str, whole: str, mode: int) -> Path:
        """Put it under the first name that is free; a link fails where a file stands already."""
        aside = self._aside(whole, mode)
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

    def _aside(self, whole: str, mode: int) -> Path:
        handle, path = tempfile.mkstemp(dir=self._directory, prefix=".report-", suffix=".tmp")
        aside = Path(path)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
                file.write(whole)
                file.flush()
                os.fsync(file.fileno())
            aside.chmod(mode)
        except OSError:
            aside.unlink()
            raise
        return aside
