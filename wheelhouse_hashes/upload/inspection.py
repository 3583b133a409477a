"""Let the plugins inspect a local file before its digests are published."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wheelhouse_hashes.causes import gravest_cause
from wheelhouse_hashes.disk.files import changed_text, check_unchanged, version
from wheelhouse_hashes.errors import DiskError, Refusal, disk_errors

if TYPE_CHECKING:
    from wheelhouse_hashes.artifacts import LocalArtifact
    from wheelhouse_hashes.disk.files import LocalFile
    from wheelhouse_hashes.options import Options
    from wheelhouse_hashes.plugins.session import Session


def inspect_file(run: Session[Options], artifact: LocalArtifact, file: LocalFile) -> None:
    """Call ``wheelhouse_inspect`` for a file of ``upload`` or ``hash``.

    :param run: the command in progress.
    :param artifact: the artifact, with its digests.
    :param file: the open file.
    :raises Refusal: if a plugin objects, or changes the file.
    :raises DiskError: if the file changed since it was hashed.
    """
    run.activity.begin("judging")
    with disk_errors(f"read {artifact.path}"):
        if version(artifact.path) != artifact.identity:
            # Plugins would inspect other bytes than those that were hashed.
            raise DiskError(changed_text(artifact.path))
    findings = run.plugins.inspect(artifact, artifact.path, (), artifact.digests, run)
    check_unchanged(artifact, file)
    if findings:
        cause = gravest_cause(finding.cause for finding in findings)
        text = "; ".join(finding.text for finding in findings)
        advice = next((f.next_step for f in findings if f.cause is cause and f.next), "")
        raise Refusal(cause, text, may_heal=False, next=advice)
