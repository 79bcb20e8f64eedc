"""Reads and writes reports as Markdown files in a folder, one file per incident."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from bot.errors import RetryLater, UserError
from bot.ports import Origin, ReportFile
from bot.render.parts import carries, marker

FILE_MODE, FOLDER_MODE = 0o600, 0o700
"""Only mayday's account can read reports: a public incident can become private later."""

PATTERNS = ("*.md", "*.qmd")
CHANGED = "{path} was changed by somebody just now: mayday reads it again."
NOT_UTF8 = "{path} isn't in UTF-8, so mayday can't change it: save it in UTF-8."
NOT_WRITABLE = (
    "The report cannot be written to {directory} ({reason}): make it a folder that mayday can write "
    "to, or change report.directory."
)


class ReportFolder:
    """A folder of reports. Implements :class:`bot.ports.Folder`.

    Files are identified by their marker, so people may rename them (except those of private incidents), and
    their own files are never changed. A file is written to a temporary file and then moved
    into place.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def find(self, origin: Origin, *, path: str = "") -> ReportFile | None:
        """See :meth:`bot.ports.Folder.find`."""
        mark = marker(origin)
        with self._errors():
            known = self._directory / Path(path).name
            files = [known] if path and known.is_file() else []
            for pattern in PATTERNS:
                files += sorted(self._directory.glob(pattern))
            for file in files:
                text = file.read_text(encoding="utf-8", errors="replace")
                if carries(text, mark):
                    return self._checked(file)
        return None

    def _checked(self, file: Path) -> ReportFile:
        """The report in this file, which nobody else can read then."""
        if stat.S_IMODE(file.stat().st_mode) != FILE_MODE:
            file.chmod(FILE_MODE)
        try:
            return ReportFile(path=str(file), text=file.read_bytes().decode())
        except UnicodeDecodeError:
            raise UserError(NOT_UTF8.format(path=file), code="folder") from None

    def add(self, name: str, text: str) -> str:
        """See :meth:`bot.ports.Folder.add`. Linking fails if a file of the name exists."""
        with self._errors():
            temporary = self._write_temporary(text)
            try:
                for file in self._names(name):
                    try:
                        os.link(temporary, file)
                    except FileExistsError:
                        continue
                    return str(file)
            finally:
                temporary.unlink()
        raise AssertionError("the names do not end")

    def replace(self, there: ReportFile, text: str, *, name: str = "") -> str:
        """See :meth:`bot.ports.Folder.replace`."""
        file = Path(there.path)
        with self._errors():
            temporary = self._write_temporary(text) if text != there.text else None
            if not file.is_file() or file.read_bytes() != there.text.encode():
                if temporary:
                    temporary.unlink()
                raise RetryLater(CHANGED.format(path=file), maybe_done=False)
            if name and not file.stem.startswith(Path(name).stem):
                file = file.rename(self._free(name))
            if temporary:
                temporary.replace(file)
            return str(file)

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

    def _free(self, name: str) -> Path:
        return next(file for file in self._names(name) if not file.exists())

    def _names(self, name: str) -> Iterator[Path]:
        yield self._directory / name
        stem, suffix = Path(name).stem, Path(name).suffix
        for number in count(2):
            yield self._directory / f"{stem}-{number}{suffix}"

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
