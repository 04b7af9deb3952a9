"""What `services/bootstrap.py` puts the program together from, one module a layer, each built on those before it.

`adapters` (settings, stores, Slack), `calendars` (every provider), `use_cases` (what people, admins and agents ask
for), `engine` (what runs when) and `listeners` (what takes in what is sent). Concrete adapters are named here, in
`services/bootstrap.py` and in `services/commands/`, nowhere else.
"""
