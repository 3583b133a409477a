"""Hypothesis strategies: artifact names and digests."""

from __future__ import annotations

import string

from hypothesis import strategies as st

from wheelhouse_hashes.artifacts import ALGORITHMS, Digest

_ALNUM = string.ascii_letters + string.digits

_words = st.text(_ALNUM, min_size=1, max_size=6)
_numbers = st.integers(0, 2030).map(str)

_PLATFORMS = (
    "any",
    "win_amd64",
    "win32",
    "macosx_11_0_arm64",
    "macosx_10_9_intel.macosx_10_9_x86_64",
    "manylinux_2_17_x86_64.manylinux2014_x86_64",
    "musllinux_1_2_aarch64",
)

_TAGS = (
    "py3-none",
    "py2.py3-none",
    "cp27-cp27mu",
    "cp311-cp311",
    "cp313-cp313t",
    "cp38-abi3",
    "pp311-pypy311_pp73",
    "pp39.pp310-none",
    "graalpy311-graalpy240_311_native",
)


def _joined(separators: str, most: int) -> st.SearchStrategy[str]:
    """Words joined by one separator each."""
    tails = st.lists(st.tuples(st.sampled_from(separators), _words), max_size=most - 1)
    return st.builds(
        lambda word, tail: word + "".join(map("".join, tail)),
        _words,
        tails,
    )


@st.composite
def versions(draw: st.DrawFn, *, dev: bool | None = None) -> str:
    """Versions (:pep:`440`), with all their optional parts.

    :param dev: whether they are development versions; either if None.
    """
    text = draw(st.sampled_from(("", "", "1!", "20!")))
    text += ".".join(draw(st.lists(_numbers, min_size=1, max_size=4)))
    text += draw(st.sampled_from(("", "", "a1", "b2", "rc10")))
    text += draw(st.sampled_from(("", "", ".post1")))
    if dev or (dev is None and draw(st.booleans())):
        text += draw(st.sampled_from((".dev0", ".dev20261231", ".dev")))
    if draw(st.booleans()):
        text += "+" + draw(_joined("._", 3))
    return text


@st.composite
def wheel_names(draw: st.DrawFn) -> str:
    """Wheel names with build tags, compressed tags, PyPy tags, local versions and epochs."""
    parts = [draw(_joined("._", 3)), draw(versions())]
    if draw(st.booleans()):
        parts.append(draw(st.integers(0, 99).map(str)) + draw(st.sampled_from(("", "a", "_x1"))))
    parts += [draw(st.sampled_from(_TAGS)), draw(st.sampled_from(_PLATFORMS))]
    return "-".join(parts) + ".whl"


@st.composite
def sdist_names(draw: st.DrawFn) -> str:
    """Sdist names with both extensions, and with dashes in the project as in old sdists."""
    extension = draw(st.sampled_from((".tar.gz", ".zip")))
    return f"{draw(_joined('._-', 3))}-{draw(versions())}{extension}"


artifact_names = st.one_of(wheel_names(), sdist_names())

algorithms = st.sampled_from(tuple(ALGORITHMS))


def digests_of(algorithm: str) -> st.SearchStrategy[Digest]:
    """All digests of one algorithm."""
    size = ALGORITHMS[algorithm] // 2
    return st.binary(min_size=size, max_size=size).map(lambda b: Digest(algorithm, b.hex()))


digests = algorithms.flatmap(digests_of)
