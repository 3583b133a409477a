"""One ``SHA256SUMS`` for all artifacts of a container.

``publish-sums CONTAINER`` reads the hash files in a container and writes their digests into
one object, which ``sha256sum --check`` and ``verify --against`` read.  A plugin for
wheelhouse-hashes.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence

from wheelhouse_hashes import hookimpl
from wheelhouse_hashes.artifacts import Digest, Finding
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.errors import HashFileError
from wheelhouse_hashes.filenames import parse_artifact_name, printable
from wheelhouse_hashes.lines import line
from wheelhouse_hashes.report import Report
from wheelhouse_hashes.run import Run
from wheelhouse_hashes.verbs import OptionGroup, Verb

#: The suffix of a hash file's name.
SUFFIX = ".sha256"

#: Maximum size of a hash file, in bytes.
MAX_BYTES = 64 * 1024

#: Names of digest lists that ``verify --against`` reads as lists of SHA-256 digests.
NAMES = re.compile(r"sha256sums(\.txt)?", re.IGNORECASE)

MEDIA_TYPE = "text/plain; charset=utf-8"


@hookimpl
def wheelhouse_verbs() -> Sequence[Verb]:
    """Add ``publish-sums CONTAINER``."""
    return [
        Verb(
            "publish-sums",
            "Write the digests of all hash files in a container into one SHA256SUMS.",
            _configure,
            publish_sums,
            store=True,
            examples=[("after the last upload of a release", "publish-sums wheels")],
            exit_codes={
                3: "an artifact without a valid hash file; nothing was written",
                4: "no artifacts in the container",
            },
        )
    ]


def _configure(options: OptionGroup) -> None:
    options.add_argument("container", help="name of the container")
    options.add_argument(
        "--sums-name",
        metavar="NAME",
        type=_list_name,
        default="SHA256SUMS",
        environment="WHEELHOUSE_UPLOADER_SUMS_NAME",
        help="name of the object to write (default: %(default)s)",
    )


def _list_name(value: str) -> str:
    """Reject names that ``verify --against`` would not read as a digest list."""
    if not NAMES.fullmatch(value):
        raise argparse.ArgumentTypeError(f"{value!r}: use SHA256SUMS or SHA256SUMS.txt")
    return value


def publish_sums(run: Run) -> Report:
    """Write the digest list of a container.

    An incomplete list is not written: ``verify`` would refuse the artifacts that it lacks.
    """
    container = run.store(run.options.extra["container"])
    name = run.options.extra["sums_name"]
    objects = container.list()
    artifacts = sorted(filter(parse_artifact_name, objects))
    report = Report()
    if not artifacts:
        text = f"no artifacts in container {container.name}"
        report.findings = [
            Finding(Cause.MISSING_ARTIFACT, text, "upload the artifacts, then run it again")
        ]
    lines = []
    for artifact in artifacts:
        if run.stop.is_set():
            return report  # Ctrl-C; the command exits with 130
        content = container.read(artifact + SUFFIX, MAX_BYTES)
        if content is None:
            text = f"{artifact}: {artifact}{SUFFIX} not found"
            advice = "upload the artifact again with --hashfile"
            report.findings.append(Finding(Cause.MISSING_HASH, text, advice))
            continue
        try:
            lines.append(f"{read_digest(content, artifact).hex}  {artifact}\n")
        except HashFileError as error:
            report.findings.append(Finding(error.cause, f"{artifact}: {error}", error.next))
    if report.findings:
        run.say(f"container {container.name}: {name} not written")
        return report
    content = "".join(lines).encode()
    published = container.read(name)
    if published != content:
        # Without replace, a list that another job writes at the same time is an error.
        container.put(name, content, MEDIA_TYPE, replace=published is not None)
    word = "sent" if published is None else "there" if published == content else "replaced"
    run.say(line(word, name, f"{len(artifacts)} artifacts"))
    return report


def read_digest(content: bytes, artifact: str) -> Digest:
    """Return the digest in the hash file of an artifact.

    :param content: the content of the hash file.
    :param artifact: the artifact's name.
    :raises HashFileError: if it is not as ``upload --hashfile`` writes it.
    """
    text = content.decode("utf-8", "replace")
    match = re.fullmatch(r"([0-9A-Fa-f]{64})(?: [ *](.+))?\r?\n?", text, re.ASCII)
    if match is None:
        raise HashFileError("the hash file does not consist of one SHA-256 digest and a name")
    if match[2] not in (None, artifact):
        raise HashFileError(f"the hash file names another file: {printable(match[2])!r}")
    return Digest("sha256", match[1])
