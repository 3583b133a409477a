"""Build step that setup.cfg cannot express: add the start-up files to editable wheels.

Everything else is in setup.cfg.  Regular wheels contain the two start-up files as
package data.  Editable wheels contain no package data, so the files are added here,
with ``WheelFile`` so that their hashes are in RECORD.
"""

import pathlib
import tempfile

from setuptools import setup
from setuptools.command.editable_wheel import editable_wheel
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
                wheel.extractall(folder)
            for name in STARTUP_FILES:
                pathlib.Path(folder, name).write_bytes((here / name).read_bytes())
            built.unlink()
            with WheelFile(built, "w") as wheel:
                wheel.write_files(folder)


setup(cmdclass={"editable_wheel": EditableWheelWithStartupFiles})
