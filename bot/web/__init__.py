"""What mayday serves over HTTP: health, and Slack's requests where it is not on a socket."""
