"""Write the page of causes and exit codes: ``python -m tests.docs.causes_page``."""

from __future__ import annotations

import pathlib
import re

from tests.support import ROOT
from wheelhouse_hashes import causes
from wheelhouse_hashes.builtin.completeness import INCOMPLETE
from wheelhouse_hashes.causes import GRAVITY, Cause

PAGE = ROOT / "docs" / "causes.rst"

_HEAD = """\
=====================
Causes and exit codes
=====================

.. Written by ``python -m tests.docs.causes_page``; do not edit.

Each refusal has a cause: one word on the line ``refused``, in reports and in the summary of a
CI job.  Each cause has an exit code, so that a script can tell them apart.

Exit codes
==========

==========  ==========================================================================
exit code   meaning
==========  ==========================================================================
0           nothing was refused
1           do not publish: bytes, contents or a name are wrong; or a plugin failed
2           usage or installation error, such as a plugin that cannot be loaded
3           no digest, or none that can be read or that counts
4           something is missing or too many, or nothing matched
5           the network or the store
6           a local file or disk
7           do not publish: the container contradicts a source outside of it, or a
            log, an attestation, a signature or a pinned page is not what it should be
130         interrupted by Ctrl-C or SIGTERM
==========  ==========================================================================

If several apply, the command ends with the first of them in the order {order}.

Causes
======

*Waits* says whether the cause may heal, so that ``fetch --verify`` tries again within
``--wait``.  The next step is printed below the refusal; that of ``verify`` follows if it differs.
"""

#: What users type, in an advice.
_TYPED = re.compile(
    r"(?<![\w-])(--missing-hash accept|hash FOLDER --sums \w+|upload --carry attestation|"
    r"(?<=command )log append|--[a-z-]+|WHEELHOUSE_\w+)"
)

_ROW = """\
   * - ``{word}``
     - {code}
     - {meaning}
     -{waits}
     - {step}
"""


def meanings() -> dict[str, str]:
    """Return what each built-in cause means, from the comments beside the members."""
    source = pathlib.Path(causes.__file__).read_text("utf-8")
    found = re.findall(r'^    ([A-Z_]+) = "[\w-]+"  #: (.*)$', source, re.MULTILINE)
    return {Cause[name].value: text for name, text in found}


def quoted(text: str) -> str:
    """Return a text of the program for reST, with its options and commands as literals."""
    return _TYPED.sub(r"``\1``", text)


def page() -> str:
    """Return the text of the page."""
    texts = meanings() | {INCOMPLETE.value: "an expectation, such as ``--expect``, is not met"}
    order = ", ".join(map(str, GRAVITY))
    parts = [_HEAD.format(order=order)]
    by_code: dict[int, list[Cause]] = {}
    for cause in (*Cause, INCOMPLETE):
        by_code.setdefault(cause.exit_code, []).append(cause)
    parts.append(
        "\n.. list-table::\n   :header-rows: 1\n   :widths: 20 6 30 8 36\n\n"
        "   * - Cause\n     - Exit\n     - Meaning\n     - Waits\n     - Next step\n"
    )
    for code in (code for code in GRAVITY if code in by_code):
        for cause in by_code[code]:
            step, other = cause.next_step, causes.next_step(cause, "verify")
            parts.append(
                _ROW.format(
                    word=cause.value,
                    code=code,
                    meaning=texts[cause.value],
                    waits=" yes" if cause.may_heal else "",
                    step=quoted(step if step == other else f"{step}.  ``verify``: {other}"),
                )
            )
    return "".join(parts) + "\nPlugins can register further causes (:doc:`hooks`).\n"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
