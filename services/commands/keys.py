"""`app.py rotate-keys`: every secret under the newest key, while the app runs."""

from __future__ import annotations

from rich.console import Console
from rich.progress import Progress

from services.commands import TROUBLE
from services.commands.installation import installed
from services.platform.settings import Settings
from services.ports import Clock
from services.store import schema
from services.store.rotation import Rotation


async def rotate_keys(config: Settings, clock: Clock) -> int:
    """Re-seal every secret with the newest key, with a progress bar."""
    changed = failed = 0
    async with installed(config, clock) as opened:
        await schema.upgrade(opened.database)
        rotation = Rotation(opened.database, opened.encryptor)
        progress = Progress(console=Console(stderr=True))
        task = progress.add_task("re-sealing", total=await rotation.count())
        with progress:
            async for report in rotation.run():
                progress.advance(task, report.done)
                changed, failed = changed + report.changed, failed + report.failed
    if failed:
        print(f"Re-sealed {changed} values; {failed} could not be opened with any key.")
        return TROUBLE
    print(f"Re-sealed {changed} values; nothing is left under an older key.")
    return 0
