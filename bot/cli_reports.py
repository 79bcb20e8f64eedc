"""``mayday import`` and ``mayday report``: the commands about reports."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bot.cli_options import ConfigFile, load_masked
from bot.preview import preview as preview_report
from bot.report_files import import_files, lint_files

app = typer.Typer(help="Preview and lint reports.", no_args_is_help=True)
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
    """Preview and lint reports."""


@app.command()
def preview(
    incident: Annotated[str, typer.Argument(help="The incident's id, or its channel's name.")],
    form: Annotated[
        str, typer.Option("--form", help="A report form; by default report.form.")
    ] = "",
    draft: Annotated[bool, typer.Option("--draft", help="Mark what is missing.")] = False,
    config: ConfigFile = None,
) -> None:
    """Print an incident's report as Markdown, as it would be published now."""
    text = preview_report(load_masked(config), incident, form=form, draft=draft)
    typer.echo(text, nl=False)


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
