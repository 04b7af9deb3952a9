"""What browsers, calendar providers, hooks and operators send over HTTP."""
