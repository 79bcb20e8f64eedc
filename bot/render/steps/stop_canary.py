"""The words of the end of a test."""

from bot.render.steps.words import Count, StepWords

STOP_CANARY = StepWords(
    verb="stop_canary",
    act="have the hub stop the server of canary user `{target}`",
    by_hand="# Log in as {target} and stop the server.",
    success="The hub has no record of the server within 90 seconds.",
    undo="Run test-spawn again.",
    counts={"seconds": Count(words="seconds until gone")},
)
