"""Attestations (:pep:`740`, Sigstore): ``--attested-by``, ``--save`` and ``--carry attestation``.

An attestation counts only if a signer that the user named made it: anyone who can write to a
container can sign other bytes with a repository of their own.
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, cast
from weakref import WeakKeyDictionary

from wheelhouse_hashes import hookimpl
from wheelhouse_hashes.artifacts import Tier
from wheelhouse_hashes.errors import UsageError
from wheelhouse_hashes.formats.attestation_names import attested_artifact, is_downloaded
from wheelhouse_hashes.option_values import Once
from wheelhouse_hashes.options import (
    ATTESTATION,
    PREFIX,
    CheckOptions,
    FetchOptions,
    Options,
    UploadOptions,
    VerifyOptions,
)

if TYPE_CHECKING:
    from wheelhouse_hashes.artifacts import (
        Artifact,
        Claim,
        Companion,
        Finding,
        ListedArtifact,
        LocalArtifact,
        Verdict,
    )
    from wheelhouse_hashes.builtin.sources.attestation_checks import Checker
    from wheelhouse_hashes.builtin.sources.attestation_claims import Decision
    from wheelhouse_hashes.builtin.sources.attestation_documents import Document
    from wheelhouse_hashes.builtin.sources.attestation_folders import LocalFolder
    from wheelhouse_hashes.builtin.sources.attestation_uploads import Carried
    from wheelhouse_hashes.formats.identities import Identity, Signer
    from wheelhouse_hashes.run import Run
    from wheelhouse_hashes.verbs import OptionGroup

#: The command that installs what checking attestations needs.
_INSTALL = "python -m pip install 'wheelhouse-hashes[attest]'"

_UNCHECKED = "attestations were found and not checked: name their signer with --attested-by"


class _State:
    """What one run knows about attestations."""

    def __init__(
        self, identities: Sequence[Identity], checker: Checker | None, folder: LocalFolder | None
    ) -> None:
        self.identities = identities
        self.checker = checker
        self.folder = folder
        self.lock = threading.Lock()
        #: The documents to save: artifact to file name to content.
        self.saved: dict[str, dict[str, bytes]] = {}
        #: The runs that a warning was printed about.
        self.warned: set[str] = set()


_states: WeakKeyDictionary[Run, _State] = WeakKeyDictionary()

#: The attestations that an upload publishes.
_carried: WeakKeyDictionary[Run, Carried] = WeakKeyDictionary()


@hookimpl
def wheelhouse_add_options(verb: str, parser: OptionGroup) -> None:
    """Add ``--attested-by``, ``--trusted-root``, ``--save`` and ``--carry``."""
    if verb in ("fetch", "verify"):
        parser.add_argument(
            "--attested-by",
            action="append",
            metavar="SIGNER",
            environment=f"{PREFIX}ATTESTED_BY",
            help="refuse an artifact unless SIGNER attested it (PEP 740, Sigstore; exit code 3, "
            "or 7 if another signer did): github:OWNER/REPO[/WORKFLOW.yml][@REF] or "
            "gitlab:GROUP/PROJECT[//PATH][@REF]; repeatable, any one suffices (environment: "
            f"{PREFIX}ATTESTED_BY, space-separated)",
        )
        parser.add_argument(
            "--trusted-root",
            path="file",
            action=Once,
            metavar="FILE",
            help="check attestations with the keys in FILE, a trusted_root.json of Sigstore "
            "(default: the one that the installed sigstore brings)",
        )
    if verb == "fetch":
        parser.add_argument(
            "--save",
            action="append",
            choices=(ATTESTATION,),
            help="write the attestations of verified artifacts beside them",
        )
    if verb == "upload":
        parser.add_argument(
            "--carry",
            action="append",
            choices=(ATTESTATION,),
            help="publish the attestations that are beside the artifacts in the folder",
        )


@hookimpl
def wheelhouse_run_started(run: Run[Options]) -> None:
    """Read the signers and the trust root; find the attestations to upload."""
    options = run.options
    if isinstance(options, UploadOptions) and ATTESTATION in options.carry:
        _start_carrying(run, options)
    if not isinstance(options, CheckOptions):
        return
    if options.trusted_root is not None and not options.attested_by:
        raise UsageError("--trusted-root: no effect without --attested-by; add --attested-by")
    if options.attested_by or _saves(options):
        # Imported here because most runs check no attestations.
        from wheelhouse_hashes.builtin.sources.attestation_folders import local_folder

        identities = _identities(options.attested_by)
        checker = _checker(options.trusted_root) if identities else None
        _states[run] = _State(identities, checker, local_folder(run))
    elif isinstance(options, VerifyOptions):
        _note_downloaded(run, options.folder)


def _note_downloaded(run: Run[Options], folder: str) -> None:
    """Note files of ``gh attestation download``, which belong to no single artifact."""
    with contextlib.suppress(OSError):  # reported elsewhere
        if any(map(is_downloaded, os.listdir(folder))):
            run.note_once("attestations", _UNCHECKED)


def _identities(values: Sequence[str]) -> list[Identity]:
    from wheelhouse_hashes.formats.identities import parse_identity

    identities = []
    for value in values:
        try:
            identities.append(parse_identity(value))
        except ValueError as error:
            raise UsageError(f"--attested-by {value}: {error}") from None
    return identities


def _checker(path: str | None) -> Checker:
    # Sigstore takes a third of a second to import.
    try:
        from wheelhouse_hashes.builtin.sources.attestation_checks import Checker
    except ImportError as error:
        name = str(error.name or "pypi_attestations").partition(".")[0]
        if isinstance(error, ModuleNotFoundError):
            raise UsageError(f"--attested-by needs {name}; install it: {_INSTALL}") from None
        text = f"--attested-by: this version of {name} is not supported ({error.msg})"
        raise UsageError(f"{text}; install another one: {_INSTALL}") from None
    return Checker(path)


def _start_carrying(run: Run[Options], options: UploadOptions) -> None:
    from wheelhouse_hashes.builtin.sources.attestation_uploads import Carried

    if pathlib.Path(options.local_folder).is_dir():
        _carried[run] = Carried(cast("Run[UploadOptions]", run), options.local_folder)


def _saves(options: CheckOptions) -> bool:
    return isinstance(options, FetchOptions) and ATTESTATION in options.save


@hookimpl
def wheelhouse_tiers(run: Run[CheckOptions]) -> Sequence[Tier]:
    """Return ``attested`` if the user named a signer."""
    return (Tier.ATTESTED,) if run.options.attested_by else ()


@hookimpl
def wheelhouse_companion_of(object_name: str) -> str | None:
    """Recognize attestations, such as ``X.whl.publish.attestation``."""
    return attested_artifact(object_name)


@hookimpl
def wheelhouse_claims(
    artifact: ListedArtifact, run: Run[CheckOptions]
) -> Sequence[Claim | Finding]:
    """Return what the named signers attest; object if only others do."""
    state = _states.get(run)
    if state is None:
        if artifact.provenance or any(map(attested_artifact, artifact.companions)):
            run.note_once("attestations", _UNCHECKED)
        return ()
    from wheelhouse_hashes.builtin.sources.attestation_files import (
        listed_documents,
        unlisted_documents,
    )

    documents = listed_documents(artifact, run, state.folder)
    decision = _decide(artifact.name, documents, run, state)
    if not documents:
        for document in unlisted_documents(artifact, run):
            documents.append(document)
            decision = _decide(artifact.name, documents, run, state)
            if decision.claims and not _saves(run.options):
                break
    if not state.identities:
        return ()
    if decision.claims:
        _note_signers(decision, run, state)
        return [claim for claim, _ in decision.claims]
    return decision.findings


def _decide(
    name: str, documents: Sequence[Document], run: Run[CheckOptions], state: _State
) -> Decision:
    """Check documents; keep those to save that are about a named signer, if one is named."""
    from wheelhouse_hashes.builtin.sources.attestation_claims import decide
    from wheelhouse_hashes.builtin.sources.attestation_documents import results_of

    results = results_of(documents, state.checker.check if state.checker is not None else None)
    root = state.checker.root if state.checker is not None else ""
    decision = decide(name, results, state.identities, root)
    accepted = {claim.where for claim, _ in decision.claims}
    if _saves(run.options):
        with state.lock:
            # Each source of --against is asked in turn, so earlier ones are kept.
            state.saved.setdefault(name, {}).update(
                (each.name, each.content)
                for each in documents
                if each.where in accepted or not (state.identities or each.problem)
            )
    return decision


def _note_signers(decision: Decision, run: Run[CheckOptions], state: _State) -> None:
    """Print who signed, once for each run of a workflow, and what does not count."""
    for claim, signer in decision.claims:
        text = f"attested by {signer}"
        for fact in ("commit", "run"):
            text += f", {fact} {claim.evidence[fact]}" if fact in claim.evidence else ""
        text += f" (trust root: {claim.evidence['trust root']})"
        run.note_once(f"attested {text}", text)
        if signer.is_pull_request:
            _warn_of_pull_request(signer, run, state)
    for where, failed in decision.objections:
        run.note_once(f"{where} {failed.text}", f"{where}: does not count: {failed.text}")


def _warn_of_pull_request(signer: Signer, run: Run[CheckOptions], state: _State) -> None:
    """Warn of a run for a pull request, once, even with ``--quiet``."""
    from wheelhouse_hashes.lines import line

    with state.lock:
        if signer.run in state.warned:
            return
        state.warned.add(signer.run)
    text = (
        f"attested by a run for a pull request ({signer.ref}, {signer.run}): anyone can propose "
        "such changes; name the ref, as in @refs/tags/v*"
    )
    run.say(line("warning", text))


@hookimpl
def wheelhouse_artifact_judged(
    artifact: ListedArtifact, verdict: Verdict, run: Run[CheckOptions]
) -> None:
    """Write the attestations of a verified artifact beside it."""
    state, options = _states.get(run), run.options
    if state is None or not verdict.good or not isinstance(options, FetchOptions):
        return
    for name, content in state.saved.pop(artifact.name, {}).items():
        run.write_file(pathlib.Path(options.local_folder, name), content)


@hookimpl
def wheelhouse_companions(artifact: LocalArtifact, run: Run[UploadOptions]) -> Sequence[Companion]:
    """Publish the attestations that are in the folder."""
    return _carried[run].companions(artifact) if run in _carried else []


@hookimpl
def wheelhouse_inspect(
    artifact: Artifact, digests: Mapping[str, str], run: Run[Options]
) -> Sequence[Finding]:
    """Refuse to upload an attestation of another file or of another build."""
    return _carried[run].objections(artifact.name, digests) if run in _carried else []
