"""Build steps that setup.cfg cannot express.  Everything else is in setup.cfg.

Editable wheels: regular wheels contain the two start-up files as package data.  Editable
wheels contain no package data, so the files are added here, with ``WheelFile`` so that
their hashes are in RECORD.

Sdists: with ``SOURCE_DATE_EPOCH``, two builds of the same files are the same bytes.
"""

import gzip
import os
import pathlib
import tarfile
import tempfile

from setuptools import setup
from setuptools.command.editable_wheel import editable_wheel
from setuptools.command.sdist import sdist
from wheel.wheelfile import WheelFile

STARTUP_FILES = ("wheelhouse_hashes.pth", "wheelhouse_hashes.start")


class EditableWheelWithStartupFiles(editable_wheel):
    """Build an editable wheel that includes the start-up files."""

    def run(self) -> None:
        """Build the wheel, then repack it with the start-up files."""
        super().run()
        (built,) = pathlib.Path(self.dist_dir).glob("*editable*.whl")
        here = pathlib.Path(__file__).parent
        with tempfile.TemporaryDirectory() as folder:
            with WheelFile(built) as wheel:
                wheel.extractall(folder)  # noqa: S202 (built above)
            for name in STARTUP_FILES:
                pathlib.Path(folder, name).write_bytes((here / name).read_bytes())
            built.unlink()
            with WheelFile(built, "w") as wheel:
                wheel.write_files(folder)


class ReproducibleSdist(sdist):
    """Build an sdist that depends on nothing but its files and ``SOURCE_DATE_EPOCH``.

    setuptools writes the time of the build, the user, and the modes of the checkout.
    """

    def make_archive(  # type: ignore[override]  # noqa: PLR0913, PLR0917
        self,
        base_name: str,
        format: str,  # noqa: A002
        root_dir: str | os.PathLike[str] | None = None,
        base_dir: str | None = None,
        owner: str | None = None,
        group: str | None = None,
    ) -> str:
        """Write the archive: one time, no user, and only the executable bit of modes."""
        epoch = os.environ.get("SOURCE_DATE_EPOCH")
        if epoch is None or format != "gztar" or base_dir is None:
            return super().make_archive(base_name, format, root_dir, base_dir, owner, group)

        def plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
            member.mtime = int(epoch)
            member.uid = member.gid = 0
            member.uname = member.gname = ""
            member.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
            return member

        archive = f"{base_name}.tar.gz"
        with (
            pathlib.Path(archive).open("wb") as file,
            gzip.GzipFile("", "wb", 9, file, mtime=int(epoch)) as packed,
            tarfile.open(None, "w", packed, format=tarfile.PAX_FORMAT) as tar,
        ):
            tar.add(base_dir, filter=plain)  # in the order of the names
        return archive


setup(cmdclass={"editable_wheel": EditableWheelWithStartupFiles, "sdist": ReproducibleSdist})
