"""A disk whose power fails: what a file system has handed to it by then, and not what it still
keeps in memory. A file system on a loop device; only root can have one."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CAN_FAIL = os.geteuid() == 0 and os.path.exists("/dev/loop-control") and shutil.which("mkfs.ext4")
HAS_XFS = shutil.which("mkfs.xfs") and "xfs" in Path("/proc/filesystems").read_text().split()


class Disk:
    """A new disk.

    Args:
        place: a folder for its image and its mount point.
        kind: of its file system.
        size: in MiB.
    """

    def __init__(self, place: Path, kind: str = "ext4", size: int = 4096) -> None:
        self.folder = place / "disk"
        self.folder.mkdir()
        self._image = place / "disk.image"
        with open(self._image, "wb") as image:
            image.truncate(size * 1024**2)
        subprocess.run([f"mkfs.{kind}", "-q", self._image], check=True)

    @contextmanager
    def mounted(self, image: Path | None = None) -> Iterator[Path]:
        """Its folder, with what is on it; or on a copy of it."""
        subprocess.run(["mount", "-o", "loop", image or self._image, self.folder], check=True)
        try:
            yield self.folder
        finally:
            subprocess.run(["umount", self.folder], check=True)

    def copy_as_of_now(self, copy: Path) -> None:
        """Make an image of what would be found if the power failed now. Nothing may be running
        that writes; the system does, and is waited for."""
        deadline = time.monotonic() + 60
        while True:
            before = self._written()
            subprocess.run(["cp", "--sparse=always", self._image, copy], check=True)
            if self._written() == before and before[-1] == "0":
                return
            assert time.monotonic() < deadline, "the disk does not come to rest"

    def _written(self) -> list[str]:
        """What the kernel has counted of writing; the last is of what is not done yet."""
        device = subprocess.run(
            ["losetup", "-nO", "NAME", "-j", self._image],
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
        counts = Path("/sys/block", Path(device).name, "stat").read_text().split()
        return [*counts[4:7], counts[8]]
