"""``mayday runbooks``: the commands for people who write runbooks or plan them on a terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bot.catalogue import check as check_files
from bot.catalogue import print_list
from bot.cli_options import ConfigFile, load_masked
from bot.errors import UserError
from bot.plan import plan as make_plan

NOT_A_VALUE = "--set {text}: write it as name=value."

app = typer.Typer(help="List, check and plan runbooks.", no_args_is_help=True)
out = Console()


@app.command("list")
def list_(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    config: ConfigFile = None,
) -> None:
    """List the runbooks by what they are for, with their parameters, files and policies."""
    print_list(load_masked(config), as_json=as_json, out=out)


@app.command()
def check(
    file: Annotated[
        list[Path] | None, typer.Argument(help="Files of runbooks to check; by default all.")
    ] = None,
    config: ConfigFile = None,
) -> None:
    """Load every file of runbooks and name what is wrong with it. Exit: 0 all is well, 1 not."""
    if not check_files(load_masked(config), file or (), out=out):
        raise typer.Exit(1)


@app.command()
def plan(
    runbook: Annotated[str, typer.Argument(help="The runbook: force-delete-stuck-servers, …")],
    hub: Annotated[str, typer.Option("--hub", help="The hub's name in mayday.yaml.")],
    user: Annotated[
        list[str] | None,
        typer.Option("--user", help="Only this user, server (user/name) or pod; repeatable."),
    ] = None,
    values: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="A parameter of the runbook; repeatable."),
    ] = None,
    rehearse: Annotated[
        bool, typer.Option("--rehearse", help="Carry the steps out on a model of the hub, too.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    config: ConfigFile = None,
) -> None:
    """Print the plan of a runbook without running it.

    Exit: 0 steps, 3 nothing to do, 4 unknown, 5 the rehearsal failed.
    """
    given = dict(map(_name_and_value, values or ()))
    settings = load_masked(config)
    status = make_plan(
        settings,
        runbook,
        hub,
        user or (),
        values=given,
        is_rehearsed=rehearse,
        as_json=as_json,
        out=out,
    )
    if status:
        raise typer.Exit(status)


def _name_and_value(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise UserError(NOT_A_VALUE.format(text=text))
    return name, value
