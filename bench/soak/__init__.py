"""`make soak`: a simulated week of many people, with all that goes wrong in one: `python -m bench.soak --help`."""
