"""``mayday import`` and ``mayday report``: the commands about published reports."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bot.report_files import import_files, lint_files

app = typer.Typer(help="Lint reports.", no_args_is_help=True)
out = Console()
err = Console(stderr=True)


def import_(
    path: Annotated[list[Path], typer.Argument(help="Files, or directories of reports.")],
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object a file, each on its own line.")
    ] = False,
) -> None:
    """Read published reports of any house, and say what is doubtful. Exit: 1 if a file can't be read."""
    if not import_files(path, json_lines=as_json, out=out, err=err):
        raise typer.Exit(1)


@app.callback()
def _about() -> None:
    """Lint reports."""


@app.command()
def lint(
    file: Annotated[list[Path], typer.Argument(help="Files, or directories of reports.")],
    links: Annotated[
        bool, typer.Option("--links", help="Also look whether linked pages and files exist.")
    ] = False,
) -> None:
    """List the problems of reports, line by line. Exit: 0 none, 1 some."""
    if not lint_files(file, links=links, out=out, err=err):
        raise typer.Exit(1)
