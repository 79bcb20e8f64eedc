"""Words: pure functions from values to what people read in Slack and in reports."""
