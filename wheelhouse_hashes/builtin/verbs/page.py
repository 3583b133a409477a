"""The verbs ``page make`` and ``page show``: the downloads page of one release."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from wheelhouse_hashes import hookimpl
from wheelhouse_hashes.verbs import Verb

if TYPE_CHECKING:
    from wheelhouse_hashes.report import Report
    from wheelhouse_hashes.run import Run
    from wheelhouse_hashes.verbs import OptionGroup


@hookimpl
def wheelhouse_verbs() -> Sequence[Verb]:
    """Return the verbs."""
    return (MAKE, SHOW)


def _add_make_options(options: OptionGroup) -> None:
    options.add_argument(
        "source",
        path="file",
        metavar="LIST|FOLDER|container://NAME",
        help="where the artifacts and their SHA-256 come from: a digest list such as SHA256SUMS, a "
        "folder with artifacts, which are hashed, or a container, of which only the hash files "
        "are read",
    )
    options.add_argument(
        "--base-url",
        required=True,
        metavar="URL",
        help="URL of the folder from which the artifacts can be downloaded",
    )
    options.add_argument(
        "--project", metavar="P", help="project of the page, if the source has several"
    )
    options.add_argument(
        "--version", metavar="V", help="version of the page, if the source has several"
    )
    options.add_argument(
        "--output",
        path="folder",
        default=".",
        metavar="DIR",
        help="folder for the page (default: the current folder)",
    )


def _add_show_options(options: OptionGroup) -> None:
    options.add_argument(
        "page",
        path="file",
        metavar="URL#sha256=HEX",
        help="URL or path of the page, with its hash as page make printed it",
    )
    options.add_argument(
        "-o",
        "--output",
        writes=True,
        metavar="FILE",
        help="keep the verified page, for pip --find-links FILE",
    )


def _make(run: Run[Any]) -> Report:
    # Imported here because the module is slow to import and only this verb needs it.
    from wheelhouse_hashes.builtin.verbs.page_make import make

    return make(run)


def _show(run: Run[Any]) -> Report:
    # Imported here because the module is slow to import and only this verb needs it.
    from wheelhouse_hashes.builtin.verbs.page_show import show

    return show(run)


MAKE = Verb(
    "page make",
    "Make the downloads page of a release, and print it with its hash.",
    _add_make_options,
    _make,
    store=True,
    examples=(
        (
            "from the list that a verified fetch wrote",
            "page make SHA256SUMS \\\n      --base-url https://example.org/wheels/",
        ),
        (
            "from the hash files of a container with several releases",
            (
                "page make container://wheels \\\n"
                "      --project demo --version 1.0 --base-url https://example.org/wheels/"
            ),
        ),
    ),
    exit_codes={
        0: "page written",
        3: "an artifact has no SHA-256 (missing-hash), or the source cannot be read",
        4: "no artifact found, or one is announced but is not in the container (missing-artifact)",
    },
)

SHOW = Verb(
    "page show",
    "Check the hash of a downloads page, and list what it links to.",
    _add_show_options,
    _show,
    examples=(
        (
            "list the files before you accept them, and keep the page for pip",
            (
                "page show \\\n"
                "      https://example.org/demo-1.0-downloads.html#sha256=HEX \\\n"
                "      -o demo-1.0-downloads.html"
            ),
        ),
    ),
    exit_codes={
        0: "the page has this hash, and every link has a SHA-256",
        3: "the page, or one of its links, cannot be read (unreadable)",
        5: "network or authentication error",
        6: "local file or disk error",
        7: "the page has another hash (not-the-page)",
    },
)
