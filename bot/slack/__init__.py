"""Slack's side of mayday: it parses, authorizes, calls one service, and replies. It decides nothing else."""
