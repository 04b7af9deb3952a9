"""What the app does, from the pure core (model, timeline, ownership) to the adapters (store, slack, net)."""

VERSION = "0.1.0"
"""Of the program, as in pyproject.toml: what `app.py --version`, /openapi.json and /mcp tell."""
