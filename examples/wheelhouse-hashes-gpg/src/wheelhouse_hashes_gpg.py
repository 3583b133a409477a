"""OpenPGP signatures beside artifacts.

``upload --gpg-sign`` makes them, ``fetch --verify --gpg-keyring`` and ``gpg-check`` check them.
A plugin for wheelhouse-hashes.  It runs the installed ``gpg`` and relies on its status
lines (``doc/DETAILS`` of GnuPG), because gpg also exits with 0 for signatures by
expired or revoked keys.
"""

from __future__ import annotations

import argparse
import pathlib
import subprocess
import tempfile
from collections.abc import Sequence

from wheelhouse_hashes import hookimpl
from wheelhouse_hashes.artifacts import (
    Artifact,
    Companion,
    Finding,
    ListedArtifact,
    LocalArtifact,
)
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.errors import DiskError, Refusal, UsageError
from wheelhouse_hashes.filenames import parse_artifact_name, printable
from wheelhouse_hashes.lines import line
from wheelhouse_hashes.report import FetchReport, Report
from wheelhouse_hashes.run import Run
from wheelhouse_hashes.verbs import OptionGroup, Verb

#: The suffix of a signature's name.
SUFFIX = ".asc"

# Options.


@hookimpl
def wheelhouse_add_options(verb: str, parser: OptionGroup) -> None:
    """Add ``--gpg-sign`` and ``--gpg-keyring``."""
    if verb == "upload":
        parser.add_argument(
            "--gpg-sign",
            metavar="KEY",
            type=_not_empty,
            environment="WHEELHOUSE_UPLOADER_GPG_SIGN",
            help="sign each artifact with this gpg key and publish the signature (such as "
            "X.whl.asc) beside it",
        )
    if verb == "fetch":
        _add_keyring(parser)


def _add_keyring(options: OptionGroup, *, required: bool = False) -> None:
    """Add ``--gpg-keyring``."""
    options.add_argument(
        "--gpg-keyring",
        metavar="FILE",
        type=_not_empty,
        required=required,
        environment="WHEELHOUSE_UPLOADER_GPG_KEYRING",
        help="accept an artifact only if it is signed with a key in this file; create the "
        "file with gpg --armor --export KEY > FILE",
    )


def _not_empty(value: str) -> str:
    """Reject an empty value, so that an unset shell variable does not disable a check."""
    if not value:
        raise argparse.ArgumentTypeError("must not be empty")
    return value


# Running gpg.


def gpg(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run gpg without terminal prompts.

    :param arguments: its arguments.
    :param stdin: its standard input.
    :raises UsageError: if gpg cannot be run.
    """
    command = ["gpg", "--batch", "--no-tty", *arguments]
    try:
        return subprocess.run(command, input=stdin, capture_output=True, check=False)
    except OSError as error:
        raise UsageError(
            f"cannot run gpg ({error.strerror}): install GnuPG (apt-get install gnupg) "
            "or omit --gpg-sign and --gpg-keyring"
        ) from None


# Signing.


@hookimpl
def wheelhouse_companions(artifact: LocalArtifact, run: Run) -> Sequence[Companion]:
    """Publish a signature beside each artifact if ``--gpg-sign`` is given."""
    key = run.options.extra.get("gpg_sign")
    if not key:
        return []
    # Two signatures of the same bytes differ, so a new one cannot be compared with
    # the published one.
    return [Companion(artifact.name + SUFFIX, lambda: sign(artifact, key), reproducible=False)]


@hookimpl
def wheelhouse_companion_of(object_name: str) -> str | None:
    """Recognize signatures such as ``X.whl.asc``."""
    name = object_name.removesuffix(SUFFIX)
    return name if name != object_name and parse_artifact_name(name) else None


def sign(artifact: LocalArtifact, key: str) -> bytes:
    """Return a detached signature in ASCII armor.

    :param artifact: the artifact to sign.
    :param key: the gpg key to sign with.
    :raises Refusal: if gpg fails.
    """
    output = ("--armor", "--output", "-", "--local-user", key)
    done = gpg(*output, "--detach-sign", "--", str(artifact.path))
    if done.returncode:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["no error message"]
        raise Refusal(Cause.PLUGIN, f"cannot sign with key {key!r}: {printable(lines[-1])}")
    return done.stdout


# Verifying.

#: The status keywords for signatures that are not good, most serious first.
#: Their first argument is the key ID.
OBJECTIONS = {
    "BADSIG": "signature does not match the file",
    "REVKEYSIG": "signed with the revoked key {key}",
    "EXPKEYSIG": "signed with the expired key {key}",
    "EXPSIG": "signature by key {key} has expired",
    "NO_PUBKEY": "signed with key {key}, which is not in the keyring",
    "ERRSIG": "signature by key {key} is of a type that this gpg cannot check",
}


class Keyring:
    """The keys that are trusted to sign.

    gpg runs with a home directory that contains only these keys.  The user's own
    keyring must not decide who may sign a release.

    :param path: a file of public keys, as written by ``gpg --export``.
    :raises UsageError: if the file cannot be read or contains no public keys.
    """

    def __init__(self, path: str) -> None:
        #: The signers of verified artifacts: artifact name to key fingerprints.
        self.signers: dict[str, list[str]] = {}
        try:
            keys = pathlib.Path(path).read_bytes()
        except OSError as error:
            raise UsageError(f"--gpg-keyring {path}: {error.strerror}") from None
        self._home = tempfile.TemporaryDirectory(prefix="gpg-")
        try:
            if self._gpg("--import", stdin=keys).returncode:
                raise UsageError(
                    f"--gpg-keyring {path}: not a file of public keys; "
                    "create one with gpg --armor --export KEY > FILE"
                )
        except UsageError:
            self.close()
            raise

    def close(self) -> None:
        """Delete the temporary home directory."""
        self._home.cleanup()

    def _gpg(self, *arguments: str, stdin: bytes) -> subprocess.CompletedProcess[bytes]:
        # Without an agent, which public keys do not need, no process is left behind.
        own = ("--homedir", self._home.name, "--no-options", "--no-autostart")
        return gpg(*own, "--trust-model", "always", "--status-fd", "1", *arguments, stdin=stdin)

    def check(self, name: str, path: pathlib.Path, signature: bytes) -> Sequence[Finding]:
        """Check a signature; return objections.

        If the file contains several signatures, all of them must be good.

        :param name: the artifact's name.
        :param path: its file.
        :param signature: the content of the published signature file.
        """
        done = self._gpg("--verify", "--", "-", str(path), stdin=signature)
        lines = done.stdout.decode("utf-8", "replace").splitlines()
        status = [line.split(" ") for line in lines if line.startswith("[GNUPG:] ")]
        keys = {word: arguments[:1] for _, word, *arguments in status}
        for word, text in OBJECTIONS.items():
            if word in keys:
                objection = text.format(key=printable("".join(keys[word])))
                return [Finding(Cause.UNTRUSTED, objection, may_heal=word == "BADSIG")]
        # No detached signature at all: an empty file, an HTML page, a signed copy of
        # another file.
        if done.returncode or "GOODSIG" not in keys:
            objection = "signature is truncated or is not a detached signature"
            return [Finding(Cause.UNTRUSTED, objection, may_heal=True)]
        # VALIDSIG ends with the fingerprint of the primary key; a subkey may have signed.
        self.signers[name] = [line[-1] for line in status if line[1] == "VALIDSIG"]
        return []


@hookimpl
def wheelhouse_inspect(
    artifact: Artifact, path: pathlib.Path | None, run: Run
) -> Sequence[Finding]:
    """Refuse an artifact without a good signature if ``--gpg-keyring`` is given."""
    keyring = _keyrings.get(run)
    # An upload inspects its own files, which need no signature yet.
    if keyring is None or path is None or not isinstance(artifact, ListedArtifact):
        return []
    # While an artifact is being replaced, a store may serve it with the old signature
    # or without one, so a retry may resolve these findings.
    signature = run.companion(artifact, SUFFIX)
    if signature is None:
        objection = f"not signed: {artifact.name}{SUFFIX} not found"
        return [Finding(Cause.UNTRUSTED, objection, may_heal=True)]
    return keyring.check(artifact.name, path, signature)


# A verb.


@hookimpl
def wheelhouse_verbs() -> Sequence[Verb]:
    """Add ``gpg-check FOLDER``."""
    return [
        Verb(
            "gpg-check",
            "Check the signatures of the artifacts in a folder.",
            _configure_check,
            check_folder,
            examples=[
                ("before the upload to a package index", "gpg-check --gpg-keyring keys dist")
            ],
            exit_codes={4: "no artifacts", 7: "an artifact without a good signature"},
        )
    ]


def _configure_check(options: OptionGroup) -> None:
    options.add_argument("folder", help="path to the folder with artifacts and signatures")
    _add_keyring(options, required=True)


def check_folder(run: Run) -> int:
    """Check each artifact of a folder; return the exit code."""
    folder = pathlib.Path(run.options.extra["folder"])
    try:
        paths = sorted(path for path in folder.iterdir() if parse_artifact_name(path.name))
        refused = 0
        for path in paths:
            if run.stop.is_set():
                break  # Ctrl-C; the command exits with 130
            for objection in _objections(_keyrings[run], path):
                run.say(line("refused", path.name, objection))
                refused += 1
    except OSError as error:
        raise DiskError(f"cannot read {error.filename}: {error.strerror}") from None
    good = len(paths) - refused
    run.say(f"{folder}: {good} of {len(paths)} artifacts have a good signature")
    return Cause.UNTRUSTED.exit_code if refused else 0 if paths else 4


def _objections(keyring: Keyring, path: pathlib.Path) -> Sequence[str]:
    """Return the objection to an artifact in a folder; empty if its signature is good."""
    signature = path.with_name(path.name + SUFFIX)
    if not signature.exists():
        return [f"not signed: {signature.name} not found"]
    return [finding.text for finding in keyring.check(path.name, path, signature.read_bytes())]


# Beginning and end.

#: The keyrings of the commands in progress.  Outside of tests, a process runs only one.
_keyrings: dict[Run, Keyring] = {}


@hookimpl
def wheelhouse_run_started(run: Run) -> None:
    """Check the key and open the keyring before the first request."""
    key = run.options.extra.get("gpg_sign")
    if key and gpg("--list-secret-keys", "--", key).returncode:
        raise UsageError(f"--gpg-sign {key}: no such secret key; see gpg --list-secret-keys")
    keyring = run.options.extra.get("gpg_keyring")
    if keyring:
        _keyrings[run] = Keyring(keyring)


@hookimpl
def wheelhouse_run_finished(run: Run, report: Report) -> None:
    """Print who signed the accepted artifacts, and close the keyring."""
    keyring = _keyrings.pop(run, None)
    if keyring is None:
        return
    keyring.close()
    if isinstance(report, FetchReport):
        kept = [keyring.signers[verdict.name] for verdict in report.verdicts if verdict.good]
        for signer in sorted({signer for signers in kept for signer in signers}):
            run.say(f"signed by {signer}")
