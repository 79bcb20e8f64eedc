"""The words of a notice's end."""

from bot.render.steps.words import StepWords

CLEAR_NOTICE = StepWords(
    verb="clear_notice",
    act="clear the notice on the hub's page",
    by_hand="# Write an empty text into the form of the announcement service.",
    success="The announcement service has no text.",
    undo="Run notify-users.",
    counts={},
)
