"""Reading what strangers sent in this process: starting one of their own for each test takes longer than most."""

from __future__ import annotations

import importlib
import json
from collections.abc import Sequence
from typing import Any

from services.domain.errors import StatusQuoError
from services.platform.concurrency import off_loop
from services.platform.reader_process import answered


class ReaderHere:
    """Stands in for `services.platform.readers._Reader`: the same answers, without limits on time and memory."""

    def __init__(self, module: str, costly: type[StatusQuoError], seconds: float, memory: int) -> None:
        self._module = importlib.import_module(module)

    async def ask(self, head: dict[str, Any], blobs: Sequence[bytes]) -> tuple[dict[str, Any], list[bytes]]:
        asked = json.loads(json.dumps(head)), [bytes(blob) for blob in blobs]
        answer, found = await off_loop(answered, self._module.done, self._module.ERRORS, *asked)
        said: dict[str, Any] = json.loads(json.dumps(answer))
        return said, found

    async def end(self) -> None:
        """There is nothing to end."""
