"""OpenPGP signatures beside artifacts: ``upload --gpg-sign``, ``fetch --verify --gpg-keyring``.

A plugin of wheelhouse-hashes.  It calls the ``gpg`` that is installed, and
believes nothing but its status lines (``doc/DETAILS`` of GnuPG): gpg ends with
0 also for a signature by a key that has expired or was revoked.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import subprocess
import tempfile
from collections.abc import Sequence

from wheelhouse_hashes import hookimpl
from wheelhouse_hashes.artifacts import Companion, Finding, ListedArtifact, LocalArtifact
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.errors import Refusal, UsageError
from wheelhouse_hashes.filenames import parse_artifact_name, printable
from wheelhouse_hashes.report import FetchReport, Report
from wheelhouse_hashes.run import Run

#: What the name of a signature has after the artifact's.
SUFFIX = ".asc"

# Options.

SIGN_VARIABLE = "WHEELHOUSE_UPLOADER_GPG_SIGN"
KEYRING_VARIABLE = "WHEELHOUSE_UPLOADER_GPG_KEYRING"


@hookimpl
def wheelhouse_add_options(verb: str, parser: argparse._ArgumentGroup) -> None:
    """Add ``--gpg-sign`` and ``--gpg-keyring``."""
    if verb == "upload":
        parser.add_argument(
            "--gpg-sign",
            metavar="KEY",
            type=_something,
            default=_variable(SIGN_VARIABLE),
            help="publish a signature by this key of gpg's beside each artifact, such as "
            f"X.whl.asc (environment: {SIGN_VARIABLE})",
        )
    if verb == "fetch":
        parser.add_argument(
            "--gpg-keyring",
            metavar="FILE",
            type=_something,
            default=_variable(KEYRING_VARIABLE),
            help="keep an artifact only if a key of this file signed it; gpg --armor --export "
            f"KEY > FILE makes one (environment: {KEYRING_VARIABLE})",
        )


def _something(value: str) -> str:
    """Refuse an empty value, so that an unset shell variable switches nothing off."""
    if not value:
        raise argparse.ArgumentTypeError("the value is empty")
    return value


def _variable(name: str) -> str | None:
    """Return the value of an environment variable; empty, 0 and false mean off."""
    value = os.environ.get(name, "").strip()
    return None if value.lower() in ("", "0", "false") else value


# Running gpg.


def gpg(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run gpg, which must not ask anything on the terminal.

    :param arguments: its arguments.
    :param stdin: what it reads.
    :raises UsageError: if there is no gpg.
    """
    command = ["gpg", "--batch", "--no-tty", *arguments]
    try:
        return subprocess.run(command, input=stdin, capture_output=True, check=False)
    except OSError as error:
        raise UsageError(
            f"gpg cannot be run ({error.strerror}): install GnuPG (apt-get install gnupg), "
            "or leave --gpg-sign and --gpg-keyring out"
        ) from None


# Signing.


@hookimpl
def wheelhouse_companions(artifact: LocalArtifact, run: Run) -> Sequence[Companion]:
    """Publish a signature beside each artifact, if there is a key to sign with."""
    key = run.options.extra.get("gpg_sign")
    if not key:
        return []
    # Two signatures of the same bytes differ, so that one cannot be compared with
    # what is there.
    return [Companion(artifact.name + SUFFIX, lambda: sign(artifact, key), reproducible=False)]


@hookimpl
def wheelhouse_companion_of(object_name: str) -> str | None:
    """Know ``X.whl.asc`` and its like."""
    name = object_name.removesuffix(SUFFIX)
    return name if name != object_name and parse_artifact_name(name) else None


def sign(artifact: LocalArtifact, key: str) -> bytes:
    """Return a detached signature, in ASCII armor.

    :param artifact: what to sign.
    :param key: which key of gpg's to sign with.
    :raises Refusal: if gpg cannot.
    """
    output = ("--armor", "--output", "-", "--local-user", key)
    done = gpg(*output, "--detach-sign", "--", str(artifact.path))
    if done.returncode:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["it says nothing"]
        raise Refusal(Cause.PLUGIN, f"it cannot be signed by {key!r}: {printable(lines[-1])}")
    return done.stdout


# Verifying.

#: The status words about signatures that are not good, the gravest first.
#: Their first argument is the key.
OBJECTIONS = {
    "BADSIG": "its signature is of other bytes",
    "REVKEYSIG": "its signature is by the key {key}, which was revoked",
    "EXPKEYSIG": "its signature is by the key {key}, which has expired",
    "EXPSIG": "its signature, by the key {key}, has expired",
    "NO_PUBKEY": "its signature is by the key {key}, which is not in the keyring",
    "ERRSIG": "its signature, by the key {key}, is of a kind that this gpg cannot check",
}


class Keyring:
    """The keys that may sign.

    gpg gets a home that holds these keys alone: those of the user, whatever
    they are worth for mail, say nothing about a release.

    :param path: a file of public keys, as ``gpg --export`` writes it.
    :raises UsageError: if it cannot be read, or is no such file.
    """

    def __init__(self, path: str) -> None:
        #: Who signed what was found to be good: artifact's name to signers.
        self.signers: dict[str, list[str]] = {}
        try:
            keys = pathlib.Path(path).read_bytes()
        except OSError as error:
            raise UsageError(f"--gpg-keyring {path}: {error.strerror}; name a file") from None
        self._home = tempfile.TemporaryDirectory(prefix="gpg-")
        try:
            if self._gpg("--import", stdin=keys).returncode:
                raise UsageError(
                    f"--gpg-keyring {path}: this is no file of public keys; "
                    "gpg --armor --export KEY > FILE makes one"
                )
        except UsageError:
            self.close()
            raise

    def close(self) -> None:
        """Forget the keys."""
        self._home.cleanup()

    def _gpg(self, *arguments: str, stdin: bytes) -> subprocess.CompletedProcess[bytes]:
        # Public keys need no agent, so that none is left behind.
        own = ("--homedir", self._home.name, "--no-options", "--no-autostart")
        return gpg(*own, "--trust-model", "always", "--status-fd", "1", *arguments, stdin=stdin)

    def check(
        self, artifact: ListedArtifact, path: pathlib.Path, signature: bytes
    ) -> Sequence[Finding]:
        """Say what is wrong with a signature.

        If there are several in one file, all of them must be good.

        :param artifact: the artifact.
        :param path: the file with its bytes.
        :param signature: what was published as its signature.
        """
        done = self._gpg("--verify", "--", "-", str(path), stdin=signature)
        lines = done.stdout.decode("utf-8", "replace").splitlines()
        status = [line.split(" ") for line in lines if line.startswith("[GNUPG:] ")]
        keys = {word: arguments[:1] for _, word, *arguments in status}
        for word, text in OBJECTIONS.items():
            if word in keys:
                said = text.format(key=printable("".join(keys[word])))
                return [Finding(Cause.UNTRUSTED, said, may_heal=word == "BADSIG")]
        # An empty file, a page, a signed copy of something else: not one signature.
        if done.returncode or "GOODSIG" not in keys:
            said = "its signature is cut, or is none of a file"
            return [Finding(Cause.UNTRUSTED, said, may_heal=True)]
        # VALIDSIG ends with the fingerprint of the whole key; a subkey may have signed.
        self.signers[artifact.name] = [line[-1] for line in status if line[1] == "VALIDSIG"]
        return []


@hookimpl
def wheelhouse_inspect(artifact: ListedArtifact, path: pathlib.Path, run: Run) -> Sequence[Finding]:
    """Refuse what is not signed, or not well, if there is a keyring to ask."""
    keyring = _keyrings.get(run)
    if keyring is None:
        return []
    # While an artifact is replaced, a store may show it beside the old signature,
    # or beside none: such a finding may heal.
    signature = run.companion(artifact, SUFFIX)
    if signature is None:
        said = f"it is not signed: there is no {artifact.name}{SUFFIX}"
        return [Finding(Cause.UNTRUSTED, said, may_heal=True)]
    return keyring.check(artifact, path, signature)


# Beginning and end.

#: The keyrings of the commands in progress; there is one command a process,
#: but for tests.
_keyrings: dict[Run, Keyring] = {}


@hookimpl
def wheelhouse_run_started(run: Run) -> None:
    """End a command that could only fail, before anything is sent or asked for."""
    key = run.options.extra.get("gpg_sign")
    if key and gpg("--list-secret-keys", "--", key).returncode:
        raise UsageError(f"--gpg-sign {key}: there is no such key; see gpg --list-secret-keys")
    keyring = run.options.extra.get("gpg_keyring")
    if keyring:
        _keyrings[run] = Keyring(keyring)


@hookimpl
def wheelhouse_run_finished(run: Run, report: Report) -> None:
    """Say who signed what was kept, and forget the keys."""
    keyring = _keyrings.pop(run, None)
    if keyring is None:
        return
    keyring.close()
    if isinstance(report, FetchReport):
        kept = [keyring.signers[verdict.name] for verdict in report.verdicts if verdict.good]
        for signer in sorted({signer for signers in kept for signer in signers}):
            run.say(f"signed by {signer}")
