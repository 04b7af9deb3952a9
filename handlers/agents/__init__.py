"""Agents at three doors (MCP, OpenAPI, OCP): one table of operations behind them, each a handler like a command's."""
