"""Deciding a status: pure functions of their arguments, time included."""
