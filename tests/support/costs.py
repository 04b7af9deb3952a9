"""What computing costs, on any machine: told by a peer that is measured beside it."""

from __future__ import annotations

import time
from collections.abc import Callable


def dearer(work: Callable[[], object], than: Callable[[], object]) -> float:
    """How many times the processor time that this thread takes for `than`, measured first, it takes for `work`.

    For what C does in one call, such as a search. A busy machine takes longer for both; where what took too long
    would take a hundred times as long as `than`, a limit of ten tells them apart on each.
    """
    peer = _seconds(than)
    return _seconds(work) / peer


def _seconds(work: Callable[[], object]) -> float:
    began = time.thread_time()
    work()
    return time.thread_time() - began
