"""`python -m bench.soak`: run it, print what came of it; exit status 1 where something that is promised was missed."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence

import structlog

from bench.soak.report import missed, show
from bench.soak.run import Options, run


def main(arguments: Sequence[str]) -> int:
    """Run it as asked."""
    made = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    made.add_argument("--people", type=int, default=1000, help="how many (default 1,000)")
    made.add_argument("--days", type=int, default=7, help="simulated days from a Monday on (default 7)")
    made.add_argument("--minutes", type=float, default=24.5, help="of real time at most (default 24.5)")
    made.add_argument("--seed", type=int, default=12, help="of what is thought up (default 12)")
    made.add_argument("--poll-hours", type=float, default=6, help="between two looks at a calendar (default 6)")
    asked = made.parse_args(arguments)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    figures = run(Options(asked.people, asked.days, asked.minutes, asked.seed, asked.poll_hours))
    show(figures)
    return 1 if missed(figures) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
