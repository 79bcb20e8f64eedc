"""Slack's side of mayday: hears, parses, calls one service, replies. Nothing is decided here."""
