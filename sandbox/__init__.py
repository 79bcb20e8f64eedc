"""A practice Slack and hub, which newcomers, drills and tests use instead of the real ones.

Nothing here depends on the product's internals: the bot uses the sandbox like the real systems,
over their own protocols.
"""
