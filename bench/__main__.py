"""`make bench`: everything that is measured, one table. Name modules to run only those: `python -m bench http`."""

from __future__ import annotations

import importlib
import logging
import pkgutil
import sys

import structlog

import bench
from bench.table import Row, show

NOT_BENCHES = {"__main__", "table"}


def main(names: list[str]) -> None:
    """Run the benches called `names`, or all."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    found = [module.name for module in pkgutil.iter_modules(bench.__path__) if module.name not in NOT_BENCHES]
    rows: list[Row] = []
    for name in names or sorted(found):
        module = importlib.import_module(f"bench.{name}")
        if not hasattr(module, "rows"):
            continue
        print(f"… {name}", file=sys.stderr)
        rows += module.rows()
    show(rows)


if __name__ == "__main__":
    main(sys.argv[1:])
