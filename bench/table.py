"""What a benchmark gives: rows of one table, each with a peer or a limit measured in the same run."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Row:
    """One measurement. `ours` and `peer` are in `unit`; `peer_name` says what the peer or the limit is."""

    name: str
    ours: float
    unit: str
    peer: float | None = None
    peer_name: str = ""
    note: str = ""


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` (0 to 1) of `values` lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]


def median(values: Sequence[float]) -> float:
    """The middle one."""
    return statistics.median(values)


def show(rows: Iterable[Row]) -> None:
    """Print the table."""
    table = Table(title="Status Quo, measured")
    for name, justify in (("what", "left"), ("ours", "right"), ("unit", "left"), ("peer or limit", "right"),
                          ("which", "left"), ("ours / peer", "right"), ("note", "left")):  # fmt: skip
        table.add_column(name, justify=justify)  # type: ignore[arg-type]  # a literal, told apart by its value
    for row in rows:
        ratio = f"{row.ours / row.peer:.2f}" if row.peer else ""
        peer = _number(row.peer) if row.peer is not None else ""
        table.add_row(row.name, _number(row.ours), row.unit, peer, row.peer_name, ratio, row.note)
    Console(width=160).print(table)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"  # digits that matter
