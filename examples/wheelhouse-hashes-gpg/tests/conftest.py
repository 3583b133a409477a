"""Throw-away keys, and a separate folder and environment for each test."""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterator

import pytest

from wheelhouse_hashes.testing import FOREIGN

#: User ID to expiration; 0 means never.
KEYS = {
    "release@example.org": "0",
    "stranger@example.org": "0",
    "revoked@example.org": "0",
    "expired@example.org": "1y",
}

#: The creation time of the keys, and a day on which all of them were valid.
BIRTH, YOUTH = "20200101T000000!", "20200201T000000!"


class Gpg:
    """The real gpg with its own home directory.

    :param home: the home directory; its path must be short because it contains sockets.
    """

    def __init__(self, home: pathlib.Path) -> None:
        self.home = home

    def __call__(self, *arguments: str, stdin: bytes = b"", at: str | None = None) -> bytes:
        """Run gpg, optionally with a faked system time; return its standard output."""
        time = ("--faked-system-time", at) if at else ()
        return subprocess.run(
            ["gpg", "--homedir", self.home, "--batch", "--quiet", *time, *arguments],
            input=stdin,
            stdout=subprocess.PIPE,
            check=True,
        ).stdout

    def sign(self, path: pathlib.Path, key: str, *options: str, at: str | None = None) -> bytes:
        """Return a detached signature in ASCII armor."""
        output = ("--armor", "--output", "-", "--local-user", key)
        return self(*output, *options, "--detach-sign", str(path), at=at)

    def verify(self, path: pathlib.Path) -> bytes:
        """Verify file ``X`` with ``X.asc``; return gpg's status lines."""
        return self("--status-fd", "1", "--verify", f"{path}.asc", str(path))

    def revocation(self, key: str) -> bytes:
        """Return the revocation certificate that gpg created with the key."""
        listed = self("--with-colons", "--list-keys", key).decode()
        fingerprint = listed.partition("\nfpr:")[2].split(":")[8]
        written = self.home.joinpath("openpgp-revocs.d", f"{fingerprint}.rev").read_text()
        return written.replace("\n:-----BEGIN", "\n-----BEGIN").encode()


@pytest.fixture(scope="session")
def gpg() -> Iterator[Gpg]:
    """A gpg with the secret keys of :data:`KEYS`; its agent is stopped after the tests."""
    if shutil.which("gpg") is None:
        pytest.fail("these tests need gpg: apt-get install gnupg")
    home = pathlib.Path(tempfile.mkdtemp(prefix="gpg-"))
    try:
        made = Gpg(home)
        for key, good in KEYS.items():
            create = ("--passphrase", "", "--quick-generate-key", key, "ed25519", "sign", good)
            made(*create, at=BIRTH)
        yield made
    finally:
        subprocess.run(["gpgconf", "--homedir", home, "--kill", "all"], check=True)
        shutil.rmtree(home)


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path, gpg: Gpg) -> None:
    """Run each test in its own folder, with the throw-away keys."""
    for name in (*FOREIGN, "WHEELHOUSE_UPLOADER_GPG_SIGN", "WHEELHOUSE_UPLOADER_GPG_KEYRING"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GNUPGHOME", os.fspath(gpg.home))
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def public_keys(gpg: Gpg, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """All public keys except the stranger's; one of them has been revoked."""
    home = tmp_path_factory.mktemp("public")
    home.chmod(0o700)
    release_manager = Gpg(home)
    known = [key for key in KEYS if "stranger" not in key]
    # Imported separately: within one file, gpg reads a revocation as part of the previous key.
    for received in (gpg("--armor", "--export", *known), gpg.revocation("revoked@example.org")):
        release_manager("--no-autostart", "--import", stdin=received)
    return release_manager("--armor", "--export")


@pytest.fixture
def keyring(public_keys: bytes) -> pathlib.Path:
    """The file for ``--gpg-keyring``."""
    path = pathlib.Path("keys.asc")
    path.write_bytes(public_keys)
    return path
