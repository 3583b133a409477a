from __future__ import annotations

import pathlib

from tests.support.artifacts import A
from wheelhouse_hashes.upload.scan import why_skipped


def test_path_that_cannot_be_accessed_is_judged_by_its_name(tmp_path: pathlib.Path) -> None:
    assert why_skipped(tmp_path / ("x" * 300)) == "the name is longer than 255 bytes"
    assert why_skipped(tmp_path / "missing" / A) == ""


def test_folder_is_no_artifact_and_its_artifacts_are_counted(tmp_path: pathlib.Path) -> None:
    folder = tmp_path / A
    folder.mkdir()
    assert why_skipped(folder) == "a folder, not a file"
    (folder / A).touch()
    assert why_skipped(folder).startswith("a folder with 1 artifact; ")
