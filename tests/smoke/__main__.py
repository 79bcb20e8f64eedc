"""``make slack-smoke``: tries everything that mayday uses of Slack in a real workspace, and prints a table.

``python -m tests.smoke [--automatic] [--json] [--wait SECONDS]``. The exit code is 0 if nothing differs and
nothing was refused, 1 otherwise, and 2 if something is missing in the environment.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence

from rich.console import Console

from bot import logs
from bot.config import Config, load
from bot.errors import ConfigError
from tests.smoke.result import Outcome, Result, all_hold, show, summary
from tests.smoke.rows import ROWS, run
from tests.smoke.world import Smoke

NO_BOT_TOKEN = (
    "Set SLACK_BOT_TOKEN to the bot token of your app, xoxb-… (or MAYDAY_SLACK__BOT_TOKEN)."
)
NO_APP_TOKEN = (
    "Set SLACK_APP_TOKEN to an app-level token, xapp-… (or MAYDAY_SLACK__APP_TOKEN), or add "
    "--automatic to leave out what needs a socket and a person: make slack-smoke SMOKE=--automatic"
)
NO_CHANNEL = "Set SMOKE_CHANNEL to the id of a channel for tests, C…, that you are in."
OTHER_NAMES = {
    "bot_token": "SLACK_BOT_TOKEN",
    "app_token": "SLACK_APP_TOKEN",
    "api_url": "SMOKE_API_URL",
}
"""Names of environment variables that are used if mayday's own ones aren't set, by their key."""


def settings(environ: Mapping[str, str], asked: argparse.Namespace) -> tuple[Config, str]:
    """The configuration, and the test channel.

    Raises:
        ConfigError: something is missing; the text is one sentence that says what.
    """
    given = {
        key: environ[name]
        for key, name in OTHER_NAMES.items()
        if environ.get(name) and not environ.get(f"MAYDAY_SLACK__{key.upper()}")
    }
    config = load(overrides={"slack": given} if given else None)
    if not config.slack.bot_token:
        raise ConfigError(NO_BOT_TOKEN)
    if not config.slack.app_token and not asked.automatic:
        raise ConfigError(NO_APP_TOKEN)
    channel = environ.get("SMOKE_CHANNEL", "").strip()
    if not channel:
        raise ConfigError(NO_CHANNEL)
    return config, channel


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, print, and return the exit code."""
    asked = _arguments(arguments)
    out = Console(emoji=False)
    err = Console(stderr=True, highlight=False, emoji=False, soft_wrap=True)
    try:
        config, channel = settings(os.environ, asked)
    except ConfigError as exc:
        err.print(str(exc), markup=False)
        return 2
    os.environ.pop("SLACK_BOT_TOKEN", None)  # Bolt would read it and warn
    smoke = Smoke(
        config=config,
        test_channel=channel,
        user=os.environ.get("SMOKE_USER", "").strip(),
        group=os.environ.get("SMOKE_GROUP", "").strip(),
        automatic=asked.automatic,
        patience=asked.wait,
        say=lambda line: err.print(f"👉 {line}", markup=False),
    )
    err.print(f"Trying {len(ROWS)} things at {config.slack.api_url}", markup=False)
    results: list[Result] = []
    for result in run(smoke):
        results.append(result)
        if asked.json:
            sys.stdout.write(result.line() + "\n")
            sys.stdout.flush()
        if result.outcome is not Outcome.NOT_TRIED:
            err.print(f"{result.outcome}: {result.what}", markup=False)
    if asked.json:
        err.print(summary(results))
    else:
        show(results, out)
    return 0 if all_hold(results) else 1


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.smoke")
    parser.add_argument("--automatic", action="store_true", help="leave out what needs a person")
    parser.add_argument("--json", action="store_true", help="print JSON lines, not a table")
    parser.add_argument(
        "--wait", type=float, default=180, metavar="SECONDS", help="a person's time for each thing"
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    logs.configure(level="ERROR")
    sys.exit(main())
