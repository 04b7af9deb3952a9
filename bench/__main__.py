"""`make bench`: everything that is measured, one table. Name modules to run only those: `python -m bench http`."""

from __future__ import annotations

import argparse
import importlib
import logging
import pkgutil
import sys
from collections.abc import Sequence

import structlog

import bench
from bench.table import Row, show

NOT_BENCHES = {"__main__", "table"}


def main(arguments: Sequence[str]) -> None:
    """Run the benches that are named, or all."""
    found = sorted(module.name for module in pkgutil.iter_modules(bench.__path__) if module.name not in NOT_BENCHES)
    made = argparse.ArgumentParser(prog="python -m bench", description="Measure, and print one table.")
    made.add_argument("names", nargs="*", metavar="NAME", help=f"what to measure (default: all): {', '.join(found)}")
    asked = made.parse_args(arguments)
    if unknown := set(asked.names) - set(found):
        made.error(f"there is no bench called {', '.join(sorted(unknown))}")
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    rows: list[Row] = []
    for name in asked.names or found:
        module = importlib.import_module(f"bench.{name}")
        if not hasattr(module, "rows"):
            continue
        print(f"… {name}", file=sys.stderr)
        rows += module.rows()
    show(rows)


if __name__ == "__main__":
    main(sys.argv[1:])
