"""iCalendar (RFC 5545) feeds and files: bytes in, occurrences out, in bounded worker processes.

`content` cuts a file into components and lines; `values`, `zones` (names in `zone_names`, a file's own in `dates`)
read one component. `recurrence` expands a rule, `series` puts an entry's components together, `entry` says what it is.
`reading` does it for a file, or for what changed in one, `ics_collection` for several files together, `itip` for what
was sent. `expand` asks processes of its own for all that (`worker`).
"""
