"""Throw-away keys, and a folder and an environment for each test."""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterator

import pytest

from wheelhouse_hashes.testing import FOREIGN

#: The keys, and how long each one is good.
KEYS = {
    "release@example.org": "0",
    "stranger@example.org": "0",
    "revoked@example.org": "0",
    "expired@example.org": "1y",
}

#: When they were made, and a day on which all of them were good.
BIRTH, YOUTH = "20200101T000000!", "20200201T000000!"


class Gpg:
    """The real gpg, with a home of its own.

    :param home: its home; the path must be short, since there are sockets in it.
    """

    def __init__(self, home: pathlib.Path) -> None:
        self.home = home

    def __call__(self, *arguments: str, stdin: bytes = b"", at: str | None = None) -> bytes:
        """Run it, at a certain time if need be; return what it prints."""
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
        """Check ``X.asc`` of a file ``X``; return gpg's status lines."""
        return self("--status-fd", "1", "--verify", f"{path}.asc", str(path))

    def revocation(self, key: str) -> bytes:
        """Return the certificate that revokes a key; gpg made it together with the key."""
        listed = self("--with-colons", "--list-keys", key).decode()
        fingerprint = listed.partition("\nfpr:")[2].split(":")[8]
        written = self.home.joinpath("openpgp-revocs.d", f"{fingerprint}.rev").read_text()
        return written.replace("\n:-----BEGIN", "\n-----BEGIN").encode()


@pytest.fixture(scope="session")
def gpg() -> Iterator[Gpg]:
    """A gpg that has the secret keys of :data:`KEYS`; its agent ends with the tests."""
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
    """Run each test in a folder of its own, with the throw-away keys."""
    for name in (*FOREIGN, "WHEELHOUSE_UPLOADER_GPG_SIGN", "WHEELHOUSE_UPLOADER_GPG_KEYRING"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GNUPGHOME", os.fspath(gpg.home))
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def public_keys(gpg: Gpg, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """All public keys but the stranger's; one of them has been revoked meanwhile."""
    home = tmp_path_factory.mktemp("public")
    home.chmod(0o700)
    release_manager = Gpg(home)
    known = [key for key in KEYS if "stranger" not in key]
    # One after the other: in one file, gpg takes a revocation for a part of the key before it.
    for received in (gpg("--armor", "--export", *known), gpg.revocation("revoked@example.org")):
        release_manager("--no-autostart", "--import", stdin=received)
    return release_manager("--armor", "--export")


@pytest.fixture
def keyring(public_keys: bytes) -> pathlib.Path:
    """The file that ``--gpg-keyring`` is given."""
    path = pathlib.Path("keys.asc")
    path.write_bytes(public_keys)
    return path
