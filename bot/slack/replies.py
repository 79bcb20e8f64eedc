"""What a handler returns: a message, a form to open, or work to do after the acknowledgement."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from bot.errors import UserError
from bot.ports import Post
from bot.render import blocks as b


@dataclass(frozen=True, kw_only=True)
class EphemeralReply:
    """A message to the person who asked, and to nobody else.

    ``channel`` is where they see it, by default where they asked or in the incident's channel.
    ``replace`` puts it in the place of the answer whose button was pressed. ``more`` follows it, where
    it is longer than one message may be.
    """

    post: Post
    channel: str = ""
    replace: bool = False
    more: tuple[Post, ...] = ()


@dataclass(frozen=True, kw_only=True)
class OpenModal:
    """A form to open for the person who asked.

    ``then`` returns what takes its place once it is open, where Slack wouldn't wait long enough for it;
    None leaves the form as it is.
    """

    view: dict[str, Any]
    then: Callable[[], dict[str, Any] | None] | None = None


@dataclass(frozen=True, kw_only=True)
class PushModal:
    """A form to open above the form in which a button was pressed."""

    view: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class UpdateModal:
    """A form in the place of the one with this id, whose inputs keep what was typed where they are the same.

    ``hash`` is Slack's of the form that the person saw: a form that has changed since is left as it is.
    """

    id: str
    hash: str
    view: dict[str, Any]


class StaleFormError(UserError):
    """A form is based on what has changed since. ``view`` is the form with both, ``errors`` a sentence by
    input; the text of the error itself tells all to a person whose form is closed by now."""

    def __init__(self, text: str, *, view: dict[str, Any], errors: dict[str, str]) -> None:
        super().__init__(text)
        self.view = view
        self.errors = errors


Shown = EphemeralReply | OpenModal | PushModal | UpdateModal | None
"""What work after the acknowledgement may show."""


@dataclass(frozen=True, kw_only=True)
class DeferredReply:
    """Work to do after the acknowledgement, which may call outside systems; what it returns is shown.

    ``channel`` is as in :class:`EphemeralReply`.
    """

    work: Callable[[], Shown]
    channel: str = ""


@dataclass(frozen=True, kw_only=True)
class DurableReply(DeferredReply):
    """Work that must not be lost: the request is stored before it is acknowledged, and replayed after a
    kill.

    A kill in the middle makes the work run again, so it checks what is done before it repeats anything.
    """


@dataclass(frozen=True, kw_only=True)
class RunbookReply(DurableReply):
    """Work about a runbook, whose policy may say who may do it. ``runbook`` is its name, ``run`` the id of
    the run that it is about, if there is one already."""

    runbook: str
    run: str = ""

    @property
    def target(self) -> str:
        """What the work is about, as in the audit log."""
        return f"run/{self.run}" if self.run else f"runbook/{self.runbook}"


@dataclass(frozen=True, kw_only=True)
class FieldErrors:
    """The inputs of a form that have to be corrected: a sentence by block id.

    ``update`` replaces the form after that, where it has to show something new.
    """

    errors: dict[str, str]
    update: UpdateModal | None = None


@dataclass(frozen=True, kw_only=True)
class Suggestions:
    """The options of a menu that match what was typed into it."""

    names: tuple[str, ...]
    groups: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """The heading of each, where they are shown under several."""


Reply = Shown | DeferredReply | FieldErrors | Suggestions


def say(text: str, *, channel: str = "") -> EphemeralReply:
    """A reply of some lines, already escaped."""
    return EphemeralReply(post=Post(text=text, blocks=(b.section(text),)), channel=channel)
