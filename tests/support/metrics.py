"""Every metric that there is, whether or not it has a value yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from services.platform.metrics import Metrics


@dataclass(frozen=True, slots=True)
class Described:
    """A metric as it is asked for: a counter with its ending."""

    name: str
    kind: str
    labels: tuple[str, ...]
    says: str

    @property
    def series(self) -> set[str]:
        """Under which names its values are asked for."""
        endings = ("_bucket", "_sum", "_count") if self.kind == "histogram" else ("",)
        return {self.name + ending for ending in endings}


def described() -> list[Described]:
    collectors: list[Any] = list(Metrics().registry._collector_to_names)
    return [
        Described(
            one._name + ("_total" if one._type == "counter" else ""), one._type, tuple(one._labelnames),
            one._documentation,
        )
        for one in collectors
    ]  # fmt: skip
