"""A local Slack, Google and Microsoft 365, with faults: what tests, demo and bench run the app against."""
