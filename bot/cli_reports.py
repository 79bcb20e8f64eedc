"""``mayday import`` and ``mayday report``: the commands about reports."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bot.cli_options import ConfigFile, load_masked
from bot.errors import UserError
from bot.preview import preview as preview_report
from bot.report_alike import leave_one_out
from bot.report_alike import similar as print_similar
from bot.report_files import import_files, lint_files
from bot.report_store import Output, Place, show_repository, store_reports

NOTHING_NAMED = "Name files or directories of reports, or a repository with --repo OWNER/NAME."
NOT_A_REPOSITORY = "--repo is a repository's owner and name, such as example/incidents."
NO_REPOSITORY = (
    "--path, --issues and --label are about a repository: name it with --repo OWNER/NAME."
)
LABELS = ("type: Hub Incident", "incident", "outage")
"""The labels of issues that are reports, as the houses write them."""
NOTHING_ASKED = "Write what the reports must be like, or use --leave-one-out."

app = typer.Typer(
    help="Preview and lint reports, and find those that are alike.", no_args_is_help=True
)
out = Console()
err = Console(stderr=True)


def import_(
    path: Annotated[
        list[Path] | None, typer.Argument(help="Files, or directories of reports.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object a file, each on its own line.")
    ] = False,
    store: Annotated[
        bool,
        typer.Option(
            "--store", help="Store the reports in the database, so that Slack finds them."
        ),
    ] = False,
    repository: Annotated[
        str,
        typer.Option(
            "--repo", metavar="OWNER/NAME", help="Read the reports in a GitHub repository."
        ),
    ] = "",
    folder: Annotated[
        str, typer.Option("--path", help="The folder in the repository, such as docs/incidents.")
    ] = "",
    issues: Annotated[
        bool,
        typer.Option(
            "--issues",
            help="Also read the issues that are labelled type: Hub Incident, incident or outage.",
        ),
    ] = False,
    label: Annotated[
        list[str] | None,
        typer.Option(
            "--label", help="Also read the issues with this label. Can be given several times."
        ),
    ] = None,
    config: ConfigFile = None,
) -> None:
    """Read published reports of any house, and say what is doubtful. Exit: 1 if a file can't be read."""
    paths = path or []
    if not paths and not repository:
        raise UserError(NOTHING_NAMED)
    if repository and len([part for part in repository.split("/") if part]) != 2:
        raise UserError(NOT_A_REPOSITORY)
    if not repository and (folder or issues or label):
        raise UserError(NO_REPOSITORY)
    labels = tuple(label or (LABELS if issues else ()))
    place = Place(repository=repository, folder=folder, labels=labels) if repository else None
    to = Output(json_lines=as_json, out=out, err=err)
    if store:
        settings = load_masked(config)
        ok = store_reports(settings, paths, place=place, to=to)
    else:
        ok = import_files(paths, json_lines=as_json, out=out, err=err)
        if place:
            show_repository(load_masked(config), place, to=to)
    if not ok:
        raise typer.Exit(1)


@app.callback()
def _about() -> None:
    """Preview and lint reports, and find those that are alike."""


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


@app.command()
def similar(
    words: Annotated[
        list[str] | None, typer.Argument(help="What the reports must be like: a title, a summary.")
    ] = None,
    left_out: Annotated[
        bool,
        typer.Option(
            "--leave-one-out", help="Say how well it works: ask with each stored report in turn."
        ),
    ] = False,
    config: ConfigFile = None,
) -> None:
    """Print the stored reports that are most like a text, and what ended those outages."""
    if left_out:
        leave_one_out(load_masked(config), out)
    elif words:
        print_similar(load_masked(config), " ".join(words), out)
    else:
        raise UserError(NOTHING_ASKED)
