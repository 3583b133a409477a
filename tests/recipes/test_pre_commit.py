"""``.pre-commit-hooks.yaml``: the hook that other repositories can use."""

from __future__ import annotations

import pathlib
import shlex
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.recipes.running import bash
from tests.support import ROOT
from tests.support.artifacts import A, flip_a_bit, make_wheel, sha256


@pytest.fixture
def hook() -> Any:
    """The only hook."""
    (hook,) = YAML(typ="safe").load(ROOT.joinpath(".pre-commit-hooks.yaml").read_text())
    return hook


def test_hook_verifies_the_folder(hook: Any) -> None:
    content = make_wheel("dist", A).read_bytes()
    pathlib.Path("SHA256SUMS").write_text(f"{sha256(content)}  {A}\n")
    command = f"{hook['entry']} {shlex.join(hook['args'])}"
    assert bash("-c", command).code == 0
    flip_a_bit(pathlib.Path("dist", A))
    assert bash("-c", command).code == 1


def test_hook_gets_no_file_names_and_runs_before_a_push(hook: Any) -> None:
    assert hook["id"] == "wheelhouse-verify"
    assert (hook["pass_filenames"], hook["always_run"]) == (False, True)
    assert hook["stages"] == ["pre-push", "manual"]
