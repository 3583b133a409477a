"""Another local user, who changes a shared folder again and again until killed.

Usage: ``python attacker.py KIND FOLDER HOME WHEEL``.  HOME is the victim's, which the attacker
wants to change through links; WHEEL is the file that the victim fetches.
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import random
import shutil
import sys
import time
from collections.abc import Callable

PREFIX = ".wheelhouse-hashes-"
REPORTS = ("report.json", "SHA256SUMS")


class Attacker:
    """The attacker.

    :param folder: the shared folder.
    :param home: the victim's home.
    :param wheel: the file that the victim fetches.
    """

    def __init__(self, folder: pathlib.Path, home: pathlib.Path, wheel: pathlib.Path) -> None:
        self.folder, self.home, self.wheel = folder, home, wheel

    def trap(self, path: pathlib.Path) -> None:
        """Create a named pipe, or a link to an existing or new file of the victim."""
        with contextlib.suppress(OSError):
            self.remove(path)
        choice = random.randrange(3)
        if choice == 0:
            os.mkfifo(path, 0o666)
        else:
            path.symlink_to(self.home / (".bashrc" if choice == 1 else "new"))

    @staticmethod
    def remove(path: pathlib.Path) -> None:
        """Remove a file, link or folder."""
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)

    def leftovers(self) -> None:
        """Leave private folders of runs that never were."""
        path = self.folder / f"{PREFIX}{random.randrange(3)}"
        self.remove(path)
        if random.randrange(4) == 0:
            path.symlink_to(self.home)
            return
        path.mkdir(mode=0o777)
        path.chmod(0o777)
        self.trap(path / ".lock")
        self.trap(path / self.wheel.name)
        # A folder of the victim, which is no leftover.
        with contextlib.suppress(OSError):
            (self.folder / "work").rename(self.folder / f"{PREFIX}work")

    def private(self) -> None:
        """Put another folder, or a link, in the place of one that is in use."""
        for name in os.listdir(self.folder):
            if not name.startswith(PREFIX) or name.endswith(".gone"):
                continue
            path, away = self.folder / name, self.folder / f"{name}.gone"
            path.rename(away)
            if random.randrange(2):
                path.symlink_to(self.home)
            else:
                path.mkdir()
                path.chmod(0o777)
                self.trap(path / self.wheel.name)
                self.trap(path / ".lock")
            time.sleep(random.random() / 500)
            self.remove(path)
            if random.randrange(2):
                away.rename(path)

    def target(self) -> None:
        """Put a link in the place of the folder that the victim fetches into."""
        path, away = self.folder / "dist", self.folder / f"{random.randrange(10**6)}.gone"
        with contextlib.suppress(OSError):
            path.rename(away)
        path.symlink_to(random.choice([self.home, self.home / "folder", self.home / "new"]))
        time.sleep(random.random() / 500)
        path.unlink()
        if random.randrange(2):
            away.rename(path)

    def final(self) -> None:
        """Occupy the final name: by a trap, or by the right bytes in a file of one's own."""
        path = self.folder / self.wheel.name
        if random.randrange(2):
            self.trap(path)
        else:
            self.remove(path)
            shutil.copy(self.wheel, path)
            if random.randrange(2):
                path.chmod(0o666)
        time.sleep(random.random() / 100)
        self.remove(path)

    def others(self) -> None:
        """Occupy the names of reports, and of the folder for refused files."""
        for name in REPORTS:
            self.trap(self.folder / name)
        rejected = self.folder / ".rejected"
        self.remove(rejected)
        rejected.symlink_to(self.home)
        time.sleep(random.random() / 100)
        for name in (*REPORTS, ".rejected"):
            with contextlib.suppress(OSError):
                self.remove(self.folder / name)


def main(kind: str, *paths: str) -> None:
    """Attack until killed."""
    attack: Callable[[], None] = getattr(Attacker(*map(pathlib.Path, paths)), kind)
    print("ready", flush=True)
    while True:
        # Most attempts come too early or too late.
        with contextlib.suppress(OSError):
            attack()


if __name__ == "__main__":
    main(*sys.argv[1:])
