"""Writes reports as Markdown files into a folder, one file per incident."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from bot.errors import UserError
from bot.ports import Origin
from bot.render.parts import carries, marked, marker

FILE_MODE, FOLDER_MODE = 0o600, 0o700
"""Only mayday's account can read reports: a public incident can become private later."""

NOT_WRITABLE = (
    "The report cannot be written to {directory} ({reason}): make it a folder that mayday can write "
    "to, or change report.directory."
)


class ReportFolder:
    """A folder of reports. Implements :class:`bot.ports.Folder`.

    Files are identified by the marker on their last line, so people may rename them (except those of private
    incidents), and their own files are never changed. A file is written to a temporary file and then moved
    into place.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def put(self, name: str, text: str, *, origin: Origin, private: bool = False) -> str:
        """See :meth:`bot.ports.Folder.put`."""
        mark = marker(origin)
        whole = marked(text, mark)
        with self._errors():
            found = self._find(mark)
            if found is None:
                return str(self._add(name, whole))
            if private and not found.stem.startswith(name):
                found = found.rename(self._free(name))
            if found.read_text(encoding="utf-8") != whole:
                self._write_temporary(whole).replace(found)
            elif stat.S_IMODE(found.stat().st_mode) != FILE_MODE:
                found.chmod(FILE_MODE)
            return str(found)

    def check(self) -> None:
        """Return if reports can be written to the folder.

        Raises:
            UserError: they cannot.
        """
        with self._errors():
            self._write_temporary("").unlink()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Create the folder, and translate errors of the file system."""
        try:
            self._directory.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
            yield
        except OSError as exc:
            raise UserError(
                NOT_WRITABLE.format(directory=self._directory, reason=exc.strerror),
                code="folder",
            ) from exc

    def _find(self, mark: str) -> Path | None:
        for file in sorted(self._directory.glob("*.md")):
            if carries(file.read_text(encoding="utf-8", errors="replace"), mark):
                return file
        return None

    def _add(self, name: str, whole: str) -> Path:
        """Add the file under the first free name. Linking fails if a file of the name exists."""
        temporary = self._write_temporary(whole)
        try:
            for file in self._names(name):
                try:
                    os.link(temporary, file)
                except FileExistsError:
                    continue
                return file
        finally:
            temporary.unlink()
        raise AssertionError("the names do not end")

    def _free(self, name: str) -> Path:
        return next(file for file in self._names(name) if not file.exists())

    def _names(self, name: str) -> Iterator[Path]:
        yield self._directory / f"{name}.md"
        for number in count(2):
            yield self._directory / f"{name}-{number}.md"

    def _write_temporary(self, whole: str) -> Path:
        """Write a new file, which only this account can read."""
        handle, path = tempfile.mkstemp(dir=self._directory, prefix=".report-", suffix=".tmp")
        temporary = Path(path)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
                file.write(whole)
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            temporary.unlink()
            raise
        return temporary
