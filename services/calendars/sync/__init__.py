"""Keeping calendars up to date: polling, push subscriptions, limits of their hosts, their health."""
