"""The words of a pod's deletion."""

from bot.render.steps.words import StepWords

DELETE_POD = StepWords(verb="delete_pod", act="delete pod `{target}`")
