"""Attestations (:pep:`740`, Sigstore): ``--attested-by``, ``--save`` and ``--carry attestation``.

An attestation counts only if a signer that the user named made it: anyone who can write to a
container can sign other bytes with a repository of their own.
"""

from __future__ import annotations

import pathlib
import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from wheelhouse_hashes import hookimpl
from wheelhouse_hashes.artifacts import Claim, Companion, Finding, ListedArtifact, Tier
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.errors import UsageError
from wheelhouse_hashes.formats.attestation_names import attested_artifact
from wheelhouse_hashes.option_values import Once
from wheelhouse_hashes.options import (
    ATTESTATION,
    PREFIX,
    CheckOptions,
    FetchOptions,
    Options,
    UploadOptions,
)

if TYPE_CHECKING:
    from wheelhouse_hashes.artifacts import Artifact, LocalArtifact, Verdict
    from wheelhouse_hashes.builtin.sources.attestation_checks import Checker
    from wheelhouse_hashes.builtin.sources.attestation_claims import Decision
    from wheelhouse_hashes.builtin.sources.attestation_files import Document, LocalFolder
    from wheelhouse_hashes.formats.identities import Identity, Signer
    from wheelhouse_hashes.run import Run
    from wheelhouse_hashes.verbs import OptionGroup

#: The command that installs what checking attestations needs.
_INSTALL = "python -m pip install 'wheelhouse-hashes[attest]'"

_ATTEST_AGAIN = "attest the file again, or remove the attestation"


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

#: The folder that an upload takes attestations from.
_carried: WeakKeyDictionary[Run, LocalFolder] = WeakKeyDictionary()


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
        from wheelhouse_hashes.builtin.sources.attestation_files import local_folder

        identities = _identities(options.attested_by)
        checker = _checker(options.trusted_root) if identities else None
        _states[run] = _State(identities, checker, local_folder(run))


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
        raise UsageError(f"--attested-by needs {name}; install it: {_INSTALL}") from None
    return Checker(path)


def _start_carrying(run: Run[Options], options: UploadOptions) -> None:
    from wheelhouse_hashes.builtin.sources.attestation_files import LocalFolder

    if pathlib.Path(options.local_folder).is_dir():
        _carried[run] = LocalFolder(run, options.local_folder)


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
            text = "attestations were found and not checked: name their signer with --attested-by"
            run.note_once("attestations", text)
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
        _note_signers(artifact.name, decision, run, state)
        return [claim for claim, _ in decision.claims]
    return decision.findings


def _decide(
    name: str, documents: Sequence[Document], run: Run[CheckOptions], state: _State
) -> Decision:
    """Check documents; keep those to save that are about a named signer, if one is named."""
    from wheelhouse_hashes.builtin.sources.attestation_claims import Checked, Failed, decide

    results: list[tuple[str, Checked | Failed]] = []
    for document in documents:
        if document.problem:
            cause = Cause.NOT_ATTESTED if document.absent else Cause.UNREADABLE_HASH
            heals = "publish the attestation again, or remove it"
            results.append((document.where, Failed(cause, document.problem, heals, may_heal=True)))
        elif state.checker is not None:
            check = state.checker.check
            results += [(document.where, check(each)) for each in document.attestations]
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


def _note_signers(name: str, decision: Decision, run: Run[CheckOptions], state: _State) -> None:
    """Print who signed, once for each run of a workflow, and what does not count."""
    for claim, signer in decision.claims:
        text = f"attested by {signer}"
        for fact in ("commit", "run"):
            text += f", {fact} {claim.evidence[fact]}" if fact in claim.evidence else ""
        text += f" (trust root: {claim.evidence['trust root']})"
        run.note_once(f"attested {text}", text)
        if "predicate" not in claim.evidence:
            text = f"{claim.where}: signs the bytes, but not the name {name}"
            run.note_once(f"unnamed {claim.where}", text)
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
    """Publish the attestations that are beside an artifact."""
    folder = _carried.get(run)
    if folder is None:
        return []
    names = folder.names_of(artifact.name)
    if not names:
        run.note_once(f"unattested {artifact.name}", f"{artifact.name}: no attestation beside it")
    paths = [folder.path / name for name in names]
    return [_companion(path, run) for path in paths]


def _companion(path: pathlib.Path, run: Run[UploadOptions]) -> Companion:
    from wheelhouse_hashes.formats.attestations import MAX_BYTES

    # Another run of the workflow signs the same bytes anew.
    return Companion(path.name, lambda: run.read_file(path, MAX_BYTES), reproducible=False)


@hookimpl
def wheelhouse_inspect(
    artifact: Artifact, digests: Mapping[str, str], run: Run[Options]
) -> Sequence[Finding]:
    """Refuse to upload an attestation of another file or of another build."""
    folder = _carried.get(run)
    if folder is None:
        return ()
    findings = []
    for document in folder.of(artifact.name):
        if document.problem:
            text = f"{document.where}: {document.problem}"
            findings.append(Finding(Cause.UNREADABLE_HASH, text, next=_ATTEST_AGAIN))
        for attestation in document.attestations if document.name else ():
            subjects = attestation.unverified_subjects()
            signed = subjects.get(artifact.name) if subjects else attestation.message_digest
            if signed != digests["sha256"]:
                text = f"{document.where}: attests another file, or another build of this one"
                findings.append(Finding(Cause.CONFLICT, text, next=_ATTEST_AGAIN))
    return findings
