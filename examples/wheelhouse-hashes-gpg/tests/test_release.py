"""A signed release, from the build to the release manager, with a throw-away key."""

import os
import pathlib
import subprocess
import tempfile
from collections.abc import Iterator

import pytest

from wheelhouse_hashes.testing import FOREIGN, local_container, make_wheel, run, serving_folder

KEY = "release@example.org"
WHEEL = "demo-1.0-py3-none-any.whl"


def gpg(*arguments: str) -> bytes:
    command = ["gpg", "--batch", "--quiet", *arguments]
    return subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout


@pytest.fixture
def keys(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A file with the public key; gpg's home in the test's folder has the secret key."""
    for name in FOREIGN:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        monkeypatch.setenv("GNUPGHOME", os.path.realpath(home))
        gpg("--passphrase", "", "--quick-generate-key", KEY, "ed25519", "sign")
        pathlib.Path("keys.asc").write_bytes(gpg("--armor", "--export", KEY))
        yield "keys.asc"
        subprocess.run(["gpgconf", "--kill", "all"], check=True)


def test_signed_wheel_is_kept_and_unsigned_replacement_is_refused(keys: str) -> None:
    with local_container() as container:
        upload = ("upload", "--hashfile", "--no-update-index")
        make_wheel("dist", WHEEL)
        assert run(*upload, "--gpg-sign", KEY, *container.arguments).code == 0

        with serving_folder(container.path) as server:
            fetch = ("fetch", "--verify", "--gpg-keyring", keys, "--wait", 0)
            kept = run(*fetch, "--local-folder", "release", "demo", server.url)
            assert (kept.code, kept.line("ok").split()[1]) == (0, WHEEL)

            # Someone with write access replaces the wheel and its hash file.
            make_wheel("dist", WHEEL, b"other bytes")
            assert run(*upload, *container.arguments).code == 0
            refused = run(*fetch, "--local-folder", "release", "demo", server.url)
            assert refused.code == 7
            assert f"untrusted: not signed: {WHEEL}.asc not found" in refused.out
