"""CalDAV (RFC 4791): servers that people run or rent, with a user name and a password."""
