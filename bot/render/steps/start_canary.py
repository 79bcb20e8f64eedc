"""The words of the start of a test."""

from bot.render.steps.words import Count, StepWords

START_CANARY = StepWords(
    verb="start_canary",
    act="have the hub start the server of canary user `{target}`",
    by_hand="# Log in as {target} and start the server.",
    success="The hub says that the server is ready, and the proxy has its route, within 5 minutes.",
    undo="The last step stops the server. If it doesn't, mayday does after 30 minutes.",
    counts={"route": Count(words="route"), "seconds": Count(words="seconds until ready")},
)
