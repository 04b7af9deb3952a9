"""iCalendar (RFC 5545) feeds and files: bytes in, occurrences out, in bounded worker processes.

`lex` cuts a file into components without understanding them, `content`, `values` and `zones` read one component,
`rule` and `recurrence` expand it, `series` puts an entry's components together, `entry` says what it is,
`reading` does it for a file, `incremental` for what changed in one, `ics_collection` for several files together, `itip`
and `arrivals` for what was sent; `expand` runs all that in processes of its own (`worker`).
"""
