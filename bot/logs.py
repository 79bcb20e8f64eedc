"""Structured logs on standard error: plain text on a terminal, JSON otherwise, with secrets masked."""

from __future__ import annotations

import logging
import re
import sys
import threading
import traceback
from collections.abc import Iterable, MutableMapping
from typing import Any

import structlog

_ROW = re.compile(r"^DETAIL: .*?(?=^\[SQL: |^\(Background on |\Z)", re.MULTILINE | re.DOTALL)
"""PostgreSQL shows the values of the row that it refuses, such as the title of a private incident."""

_TOKEN = re.compile(r"\b(xox[a-z]-|xapp-|gh[pousr]_|github_pat_)[A-Za-z0-9_-]+")
QUIET = ("apscheduler", "slack_bolt", "slack_sdk", "alembic", "urllib3", "httpx", "dbos", "github")

SHORTEST = 6
"""The length from which a secret is masked wherever it appears. A shorter one would mask ordinary words."""
_hidden: set[str] = set()


def hide(secrets: Iterable[str]) -> None:
    """Mask these in everything that is logged from now on, and in what :func:`masked` returns."""
    _hidden.update(each for each in secrets if len(each) >= SHORTEST)


def masked(text: str) -> str:
    """Return the text without tokens, the configured secrets and the values of refused rows."""
    for secret in sorted(_hidden, key=len, reverse=True):
        text = text.replace(secret, "…")
    return _ROW.sub("DETAIL: …\n", _TOKEN.sub(r"\1…", text))


def catch_uncaught() -> None:
    """Mask the tracebacks of exceptions that end the process or a thread, too."""

    def show(kind: type[BaseException], exc: BaseException | None, trace: Any) -> None:
        sys.stderr.write(masked("".join(traceback.format_exception(kind, exc, trace))))

    sys.excepthook = show
    threading.excepthook = lambda args: show(args.exc_type, args.exc_value, args.exc_traceback)


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
            event[key] = masked(value)
    return event


def _masked(record: logging.LogRecord) -> bool:
    record.msg, record.args = masked(record.getMessage()), ()
    if record.exc_info:
        # A formatter uses this text if it is set, and would otherwise format the exception unmasked.
        record.exc_text = masked(logging.Formatter().formatException(record.exc_info))
    return True
