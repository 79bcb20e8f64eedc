"""A person's request as handlers see it: typed, with nothing of Slack's payload left in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from bot.domain.incident import Incident
from bot.domain.state_change import StateChange
from bot.domain.timeline import Message
from bot.domain.typography import plain_marks
from bot.errors import UserError

NOT_A_DATE = "Choose a date from the calendar."


class Kind(StrEnum):
    """What Slack delivers."""

    EVENT = "event"
    COMMAND = "command"
    BUTTON = "button"
    FORM = "form"
    SHORTCUT = "shortcut"
    OPTIONS = "options"
    REACTION = "reaction"  # an event in which a person asks for something


@dataclass(frozen=True, kw_only=True)
class Form:
    """A submitted form, or one in which a menu was used.

    ``id`` is Slack's, the same when the form is sent again; ``hash`` changes when the form is changed.
    ``root`` is the id of the form below it, over which it was opened, or its own.
    ``metadata`` is what mayday stored in the form when it opened it. ``inputs`` are the block ids of its
    inputs in order, ``values`` what was entered: text, or the values chosen from a menu.
    """

    id: str = ""
    root: str = ""
    hash: str = ""
    metadata: str = ""
    inputs: tuple[str, ...] = ()
    values: Mapping[str, str | tuple[str, ...]] = field(
        default_factory=lambda: MappingProxyType({})
    )

    @property
    def incident_id(self) -> str:
        """The incident that the form is about."""
        return self.metadata.partition("|")[0]

    @property
    def subject(self) -> str:
        """What follows the incident's id: an entry and its version, an action item's source, a status."""
        return self.metadata.partition("|")[2]

    def has(self, name: str) -> bool:
        """Whether the form has this input."""
        return name in self.values

    def text(self, name: str) -> str:
        """The text or the single choice of an input, empty where nothing was entered."""
        value = self.values.get(name, "")
        return value if isinstance(value, str) else ", ".join(value)

    def marks(self, name: str) -> str:
        """The text of an input that is read as a name or a time: with plain dashes and quotes."""
        return plain_marks(self.text(name))

    def names(self, name: str) -> tuple[str, ...]:
        """Names that were chosen from a menu, or typed and separated by commas."""
        value = self.values.get(name, ())
        names = value.split(",") if isinstance(value, str) else value
        return tuple(dict.fromkeys(one.strip() for one in names if one.strip()))

    def day(self, name: str) -> date | None:
        """The date of a date picker.

        Raises:
            UserError: it is not a date.
        """
        text = self.text(name)
        try:
            return date.fromisoformat(text) if text else None
        except ValueError:
            raise UserError(NOT_A_DATE, field=name) from None


@dataclass(frozen=True, kw_only=True)
class SlackRequest:
    """Who asks for what, and where.

    ``name`` is the subcommand that was typed, a button's action id, the callback id of a form or
    shortcut, the block id of a menu whose options Slack asks for, or what a reaction asks for.
    ``team_id`` is the app's workspace. ``text`` follows a command or was typed into a menu, ``place`` is
    the id or the name of the channel that a command names, ``value`` is a button's, ``form`` a form's,
    ``message`` the one that a shortcut was used on. ``trigger`` opens one form within three seconds.
    ``installed_team`` is the workspace of the app that a form belongs to, if Slack says so.
    ``idempotency_key`` is unique to this act. ``acted_ts`` is Slack's time of a shortcut.
    ``is_home``: a button of the app's Home was pressed.
    ``may_publish`` is as in :class:`bot.domain.state_change.StateChange`.
    """

    kind: Kind
    name: str
    team_id: str
    user: str
    channel: str
    idempotency_key: str
    trigger: str = ""
    text: str = ""
    place: str = ""
    value: str = ""
    form: Form = Form()
    message: Message | None = None
    installed_team: str = ""
    acted_ts: str = ""
    may_publish: bool = False
    is_home: bool = False

    @property
    def marks(self) -> str:
        """The text as it is read for words and times: with plain dashes and quotes, of the same length."""
        return plain_marks(self.text)

    def change(self, incident: Incident | None) -> StateChange:
        """This act on an incident, or a run outside of incidents, as the services record it."""
        return StateChange(
            incident_id=incident.id if incident else "",
            by=self.user,
            idempotency_key=self.idempotency_key,
            origin=self.origin,
            may_publish=self.may_publish,
        )

    @property
    def delivery(self) -> str:
        """A key of this request, the same when Slack delivers it again; a form submitted twice has two."""
        return f"{self.idempotency_key}/{self.trigger}"

    @property
    def origin(self) -> str:
        """Where the request comes from, for the audit log."""
        return " in ".join(part for part in (f"{self.kind} {self.name}", self.channel) if part)
