"""A Slack and a hub to practise on: what newcomers, drills and tests use instead of the real ones.

Nothing in here knows the product's insides: the bot meets the sandbox as it meets the real systems,
over their own protocols.
"""
