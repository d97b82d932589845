"""``make pictures``: what the pages look like, for the README, with the demo's data."""

from __future__ import annotations

import json
import tempfile
from datetime import datetime, timezone
from pathlib import Path

from usagekit_collector.transfer import demo

from tests.support.clients import visit
from tests.support.collector import Collector

FOLDER = Path(__file__).parents[3] / "docs" / "pictures"
PAGES = {"overview": ("/", "light"), "release": ("/releases/1.2.0?range=90", "dark")}
_AT_ONCE = 2_000
# Both together, in bytes.
_LARGEST = 300_000


def main() -> None:
    """Take them all anew."""
    FOLDER.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        Collector(Path(folder), open=True) as collector,
    ):
        project = collector.project("phc_demo")
        lines = list(map(json.loads, demo.events(1, datetime.now(timezone.utc), 90)))
        for nth in range(0, len(lines), _AT_ONCE):
            project.send(*lines[nth : nth + _AT_ONCE])
        visit(
            *(
                {
                    "url": f"{collector.url}{path}",
                    "steps": [],
                    "colorScheme": theme,
                    "viewport": {"width": 1024, "height": 760},
                    "picture": str(FOLDER / f"{name}.png"),
                    "fullPage": False,
                }
                for name, (path, theme) in PAGES.items()
            )
        )
    size = sum(path.stat().st_size for path in FOLDER.glob("*.png"))
    assert size <= _LARGEST, f"{size} bytes are too many for a README"


if __name__ == "__main__":
    main()
