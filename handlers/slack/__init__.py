"""What Slack sends: commands, events, the Home tab, forms; over HTTP or Socket Mode."""
