"""The facts, on SQLite or PostgreSQL."""
