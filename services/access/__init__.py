"""Who somebody is, and whether they manage their workspace: what calendars and use cases alike have to know first."""
