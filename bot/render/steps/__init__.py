"""The words of every kind of step, by its verb. A new kind is one file in this folder and one line here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.render.steps.clear_notice import CLEAR_NOTICE
from bot.render.steps.cordon_node import CORDON_NODE
from bot.render.steps.delete_failed_pod import DELETE_FAILED_POD
from bot.render.steps.delete_pod import DELETE_POD
from bot.render.steps.force_delete_pod import FORCE_DELETE_POD
from bot.render.steps.force_delete_proxy_pod import FORCE_DELETE_PROXY_POD
from bot.render.steps.grow_volume import GROW_VOLUME
from bot.render.steps.hold_core_pool import HOLD_CORE_POOL
from bot.render.steps.open_revert import OPEN_REVERT
from bot.render.steps.release_core_pool import RELEASE_CORE_POOL
from bot.render.steps.restart_hub import RESTART_HUB
from bot.render.steps.restart_proxy import RESTART_PROXY
from bot.render.steps.resync_routes import RESYNC_ROUTES
from bot.render.steps.roll_back import ROLL_BACK
from bot.render.steps.scale import SCALE
from bot.render.steps.share_diagnostics import SHARE_DIAGNOSTICS
from bot.render.steps.show_notice import SHOW_NOTICE
from bot.render.steps.start_canary import START_CANARY
from bot.render.steps.start_server import START_SERVER
from bot.render.steps.stop_canary import STOP_CANARY
from bot.render.steps.stop_running_server import STOP_RUNNING_SERVER
from bot.render.steps.stop_server import STOP_SERVER
from bot.render.steps.test_kernel import TEST_KERNEL
from bot.render.steps.uncordon_node import UNCORDON_NODE
from bot.render.steps.words import StepWords

WORDS: tuple[StepWords, ...] = (
    RESYNC_ROUTES,
    RESTART_PROXY,
    STOP_SERVER,
    DELETE_POD,
    FORCE_DELETE_POD,
    START_SERVER,
    STOP_RUNNING_SERVER,
    RESTART_HUB,
    DELETE_FAILED_POD,
    FORCE_DELETE_PROXY_POD,
    SHOW_NOTICE,
    CLEAR_NOTICE,
    START_CANARY,
    TEST_KERNEL,
    STOP_CANARY,
    CORDON_NODE,
    UNCORDON_NODE,
    SCALE,
    GROW_VOLUME,
    ROLL_BACK,
    OPEN_REVERT,
    HOLD_CORE_POOL,
    RELEASE_CORE_POOL,
    SHARE_DIAGNOSTICS,
)

_BY_VERB = {words.verb: words for words in WORDS}
_OTHER_VERSION = "{verb} `{{target}}`"


def words_of(verb: str) -> StepWords:
    """The words of a kind of step; of a kind that only another version has, its verb."""
    known = _BY_VERB.get(verb)
    if known is not None:
        return known
    plain = "".join(char for char in verb if char.isalnum() or char in " _-")
    return StepWords(verb=verb, act=_OTHER_VERSION.format(verb=plain.replace("_", " ")))


def entry_words(data: Mapping[str, Any], who: str) -> str:
    """The words of a timeline entry about a step. ``who`` is a mention."""
    return words_of(str(data["step"])).entry(data, who)
