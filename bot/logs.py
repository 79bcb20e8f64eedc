"""Structured logs on standard error: plain text on a terminal, JSON otherwise, with tokens masked."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

_TOKEN = re.compile(r"\b(xox[a-z]-|xapp-|gh[pousr]_|github_pat_)[A-Za-z0-9_-]+")
QUIET = ("apscheduler", "slack_bolt", "slack_sdk", "alembic", "urllib3", "httpx", "dbos", "github")


def configure(*, level: str = "INFO") -> None:
    """Configure logging for the process."""
    shown = (
        structlog.dev.ConsoleRenderer()
        if sys.stderr.isatty()
        else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _mask,
            shown,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(name)s: %(message)s")
    for handler in logging.getLogger().handlers:
        handler.addFilter(_masked)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.ERROR)
    # It logs errors before it raises them, and the handler of the exception logs them, too.
    logging.getLogger("slack_sdk.web.base_client").setLevel(logging.CRITICAL)


def _mask(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in event.items():
        if isinstance(value, str):
            event[key] = _TOKEN.sub(r"\1…", value)
    return event


def _masked(record: logging.LogRecord) -> bool:
    record.msg, record.args = _TOKEN.sub(r"\1…", record.getMessage()), ()
    if record.exc_info:
        # A formatter uses this text if it is set, and would otherwise format the exception unmasked.
        record.exc_text = _TOKEN.sub(r"\1…", logging.Formatter().formatException(record.exc_info))
    return True
