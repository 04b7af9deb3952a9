"""Accounts at calendar providers: OAuth, links to connect, access tokens, disconnecting."""
