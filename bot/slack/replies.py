"""What a handler answers: something to say, a form to open, or work to do after the acknowledgement."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.ports import Post
from bot.render import blocks as b


@dataclass(frozen=True, kw_only=True)
class EphemeralReply:
    """Say something to the person who asked, to nobody else.

    ``replace`` puts it in the place of the answer whose button was pressed. ``more`` follows it, where
    it is longer than one message may be.
    """

    post: Post
    replace: bool = False
    more: tuple[Post, ...] = ()


@dataclass(frozen=True, kw_only=True)
class OpenModal:
    """Open a form for the person who asked."""

    view: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class DeferredReply:
    """Acknowledge first, then do this, which may ask outside systems; say what it returns.

    ``channel`` is where, for a form that was not opened in one.
    """

    work: Callable[[], EphemeralReply | None]
    channel: str = ""


@dataclass(frozen=True, kw_only=True)
class DurableReply(DeferredReply):
    """Work that must not be lost: it is kept before it is acknowledged, and done after a kill, too.

    After a kill in the middle it is done once more, so it has to look before it repeats.
    """


@dataclass(frozen=True, kw_only=True)
class FieldErrors:
    """A form's inputs that have to be put right: a sentence by block id."""

    errors: dict[str, str]


Reply = EphemeralReply | OpenModal | DeferredReply | FieldErrors | None


def say(text: str, *blocks: dict[str, Any]) -> EphemeralReply:
    """A reply of some lines, already escaped; ``blocks`` follow it."""
    return EphemeralReply(post=Post(text=text, blocks=(b.section(text), *blocks)))
