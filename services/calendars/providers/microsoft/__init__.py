"""Microsoft 365: what Microsoft Graph says, as values of ours."""
