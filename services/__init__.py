"""What the app does, from the pure core (model, timeline, ownership) to the adapters (store, slack, net)."""
