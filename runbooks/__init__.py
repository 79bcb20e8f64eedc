"""The runbooks that come with mayday. Each file defines one; :mod:`bot.runbook.loading` finds them."""
