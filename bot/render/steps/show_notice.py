"""The words of a notice."""

from bot.render.steps.words import StepWords

SHOW_NOTICE = StepWords(
    verb="show_notice",
    act="show on the hub's page: “{text}”",
    by_hand="# Write the text into the form of the announcement service.",
    success="The announcement service gives the text back.",
    undo="Run clear-notice.",
    counts={},
)
