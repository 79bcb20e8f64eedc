"""The words of a server's stop."""

from bot.render.steps.words import StepWords

STOP_SERVER = StepWords(verb="stop_server", act="have the hub stop server `{target}`")
