"""Writes reports as Markdown files into a folder, one file per incident."""

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

PUBLIC_MODE = 0o644
PRIVATE_MODE = 0o600
"""The file mode of a private incident's report: only mayday's account can read it."""

NOT_WRITABLE = (
    "The report cannot be written to {directory} ({reason}): make it a folder that mayday can write "
    "to, or change report.directory."
)


class ReportFolder:
    """A folder of reports. Implements :class:`bot.ports.Folder`.

    Files are identified by the marker on their last line, so people may rename them, and their own files
    are never changed. A file is written to a temporary file and then moved into place.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def put(self, name: str, text: str, *, origin: Origin, private: bool = False) -> str:
        """See :meth:`bot.ports.Folder.put`."""
        mark = marker(origin)
        whole = marked(text, mark)
        mode = PRIVATE_MODE if private else PUBLIC_MODE
        with self._errors():
            found = self._find(mark)
            if found is None:
                return str(self._add(name, whole, mode))
            if found.read_text(encoding="utf-8") != whole:
                self._write_temporary(whole, mode).replace(found)
            elif private:
                found.chmod(mode)  # it may have been public when it was written
            return str(found)

    def check(self) -> None:
        """Return if reports can be written to the folder.

        Raises:
            UserError: they cannot.
        """
        with self._errors():
            self._write_temporary("", PRIVATE_MODE).unlink()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Create the folder, and translate errors of the file system."""
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
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

    def _add(self, name: str, whole: str, mode: int) -> Path:
        """Add the file under the first free name. Linking fails if a file of the name exists."""
        temporary = self._write_temporary(whole, mode)
        try:
            for number in count(1):
                file = self._directory / (f"{name}.md" if number == 1 else f"{name}-{number}.md")
                try:
                    os.link(temporary, file)
                except FileExistsError:
                    continue
                return file
        finally:
            temporary.unlink()
        raise AssertionError("count() does not end")

    def _write_temporary(self, whole: str, mode: int) -> Path:
        handle, path = tempfile.mkstemp(dir=self._directory, prefix=".report-", suffix=".tmp")
        temporary = Path(path)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
                file.write(whole)
                file.flush()
                os.fsync(file.fileno())
            temporary.chmod(mode)
        except OSError:
            temporary.unlink()
            raise
        return temporary
