"""The one build step that setup.cfg has no words for.

Everything else is in setup.cfg.  A regular wheel takes the two start-up files
along as package data; an editable wheel holds no package data at all, so they
are added here, through ``WheelFile`` so that RECORD gets their hashes.
"""

import pathlib
import tempfile

from setuptools import setup
from setuptools.command.editable_wheel import editable_wheel
from wheel.wheelfile import WheelFile

STARTUP_FILES = ("wheelhouse_hashes.pth", "wheelhouse_hashes.start")


class EditableWheelWithStartupFiles(editable_wheel):
    """An editable wheel that also runs the start-up files."""

    def run(self) -> None:
        """Build the wheel, then build it again with the files in it."""
        super().run()
        (built,) = pathlib.Path(self.dist_dir).glob("*editable*.whl")
        here = pathlib.Path(__file__).parent
        with tempfile.TemporaryDirectory() as folder:
            with WheelFile(built) as wheel:
                wheel.extractall(folder)
            for name in STARTUP_FILES:
                pathlib.Path(folder, name).write_bytes((here / name).read_bytes())
            built.unlink()
            with WheelFile(built, "w") as wheel:
                wheel.write_files(folder)


setup(cmdclass={"editable_wheel": EditableWheelWithStartupFiles})
