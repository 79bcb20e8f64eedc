"""What the commands of the terminal share: the option for the configuration, and how it is loaded."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from bot import logs
from bot.config import Config, load
from bot.config_safety import secrets

ConfigFile = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="The configuration file; by default mayday.yaml."),
]


def load_masked(file: Path | None, *, overrides: Mapping[str, Any] | None = None) -> Config:
    """Return the configuration. Its secrets are masked from now on in logs and output."""
    settings = load(file, overrides=overrides)
    logs.hide(secrets(settings))
    return settings
