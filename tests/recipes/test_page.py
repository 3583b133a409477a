"""The pages of the recipes include the files of ``examples/ci``; commands work."""

from __future__ import annotations

import pathlib
import re
import shutil

from tests.conftest import LOCAL, Cli
from tests.recipes.composite import PARSED
from tests.recipes.running import CI, bash
from tests.support.servers import serving_folder

DOCS = CI.parent.parent / "docs"
PAGE = DOCS / "ci.rst"
BLOCK = re.compile(r"^\.\. code-block:: console\n\n((?:   .*\n)+)", re.MULTILINE)


def test_pages_include_each_recipe() -> None:
    pages = (PAGE, DOCS / "scripts.rst", DOCS / "log.rst")
    text = "".join(page.read_text() for page in pages)
    included = re.findall(r"^\.\. literalinclude:: (\S+)$", text, re.MULTILINE)
    shown = sorted((DOCS / path).resolve() for path in included)
    assert shown == sorted(path.resolve() for path in CI.rglob("*") if path.is_file())


def test_action_page_has_its_inputs_and_outputs() -> None:
    text = DOCS.joinpath("action.rst").read_text()
    inputs, outputs = text.partition("\nInputs\n")[2].split("\nOutputs\n")
    assert re.findall(r"^``(\w+)``  ", inputs, re.MULTILINE) == list(PARSED["inputs"])
    assert re.findall(r"^``(\w+)``  ", outputs, re.MULTILINE) == list(PARSED["outputs"])


def test_ci_page_commands(
    cli: Cli, built: pathlib.Path, project: pathlib.Path, container: pathlib.Path
) -> None:
    count, collect = (block.strip().removeprefix("$ ") for block in BLOCK.findall(PAGE.read_text()))
    assert cli("upload", "--hashfile", "--local-folder", built.parent, *LOCAL, "wheels").code == 0
    shutil.copy(CI / "multibuild" / "collect-release.sh", ".")
    with serving_folder(container) as server:
        done = bash("-c", collect.replace("http://127.0.0.1/wheels/", server.url))
    assert done.code == 0, done
    assert pathlib.Path("demo-1.0", built.name).exists()

    counted = bash("-c", f"cd {project} && {count}")
    assert counted.code == 0, f"{counted.err}\npip install cibuildwheel"
    assert counted.out.split() == ["cp311-win_amd64", "cp312-win_amd64", "cp313-win_amd64"]
