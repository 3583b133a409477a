"""A small release with wheels for several Pythons and platforms, and what can happen to it."""

from __future__ import annotations

import pathlib

from tests.support.artifacts import flip_a_bit, make_sdist, make_wheel, sha256
from wheelhouse_hashes.artifacts import Claim, Digest, Finding, Outcome, Tier, Verdict
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.errors import Refusal
from wheelhouse_hashes.report import FetchReport, ListingRecord

PYTHONS = ("cp312-cp312", "cp313-cp313", "cp313-cp313t", "cp314-cp314", "cp314-cp314t")
PLATFORMS = (
    "manylinux_2_28_x86_64",
    "manylinux_2_28_aarch64",
    "musllinux_1_2_x86_64",
    "macosx_11_0_arm64",
    "win_amd64",
)

#: The names of the release.
NAMES = (
    *(f"demo-1.0-{python}-{platform}.whl" for python in PYTHONS for platform in PLATFORMS),
    "demo-1.0-pp311-pypy311_pp73-win_amd64.whl",
    "demo-1.0.tar.gz",
)

#: What happened to three of its artifacts.
LOST, SWAPPED, EXTRA = NAMES[7], NAMES[14], "demo-1.0-cp315-cp315-win_amd64.whl"


def make_release(folder: pathlib.Path, *, damaged: bool = False) -> None:
    """Write the release to the folder ``dist``, and ``SHA256SUMS`` and ``names`` beside it.

    :param folder: the folder.
    :param damaged: whether to lose a wheel, swap the bytes of another, and add a third.
    """
    dist = folder / "dist"
    names = [*NAMES, EXTRA] if damaged else NAMES
    lines = []
    for number, name in enumerate(names):
        make = make_sdist if name.endswith(".tar.gz") else make_wheel
        content = make(dist, name, bytes(1000 * (number + 1))).read_bytes()
        lines.append(f"{sha256(content)}  {name}\n")
    (folder / "SHA256SUMS").write_text("".join(lines))
    (folder / "names").write_text("\n".join(NAMES))
    if damaged:
        (dist / LOST).unlink()
        flip_a_bit(dist / SWAPPED)


#: The command that checks it, with all kinds of reports.
VERIFY = ("verify", "dist", "--against", "SHA256SUMS", "--expect-file", "names")


def hostile_report(text: str) -> FetchReport:
    """Return a report with a text wherever a report can have one.

    :param text: what a page, a store or a plugin made.
    """
    claim = Claim(Digest("sha256", "0" * 64), text, text, Tier.PINNED, evidence={text: text})
    refused = Verdict(
        text, Outcome.REFUSED, Cause.PLUGIN, text, (claim,), {"sha256": "1" * 64}, 7, 8, next=text
    )
    good = Verdict(f"{text}.whl", Outcome.OK, None, text, (claim,), {"sha256": "0" * 64}, 7)
    finding = Finding(Cause.PLUGIN, text, text, missing=((text, text),), unexpected=(text,))
    error = Refusal(Cause.PLUGIN, text, next=text)
    return FetchReport(
        problems=[error],
        ended_by=error,
        findings=[finding],
        verdicts=[refused, good],
        unjudged=[text],
        excluded=frozenset({text}),
        other_origins=[text],
        listing=ListingRecord(text, secure=False),
    )
