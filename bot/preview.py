"""``mayday report preview``: the report of an incident as Markdown, in any form.

It reads the database and asks neither Slack nor GitHub, so people have the names that mayday last saw.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

from bot.bootstrap import settings as settings_of
from bot.config import Config
from bot.database import current
from bot.domain.command import named
from bot.domain.report import in_form
from bot.errors import UserError
from bot.render.report import report_text
from bot.services.people import stored_names
from bot.services.report import assembled
from bot.store import incidents as incident_rows

NO_INCIDENT = "There is no incident “{name}”: write its id, or the name of its channel."


def preview(config: Config, incident: str, *, form: str, draft: bool) -> str:
    """Return the report as it would be published now; in a ``draft`` missing parts are marked.

    Raises:
        UserError: there is no such incident.
        ConfigError: there is no such form, or one can't be used.
    """
    settings = settings_of(config)
    chosen = settings.forms.get(form) if form else settings.form
    name = incident.removeprefix("#")
    with current(config) as store:
        with store.read() as tx:
            found = incident_rows.find(tx, name)
        if found is None:
            raise UserError(NO_INCIDENT.format(name=incident))
        names = partial(stored_names, store, datetime.now(UTC))
        report = assembled(store, settings, found, names)
    text = report_text(
        in_form(report, chosen),
        labels=settings.filing.labels,
        assignees=settings.filing.assignees,
        draft=draft,
    )
    return str(named(text, settings.command)) if draft else text
