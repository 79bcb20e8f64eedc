"""The HTTP server: health checks, and Slack's requests in ``http`` mode."""
