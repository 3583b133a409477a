"""The colors and the style sheet of the page that ``--html`` writes.

Colors only repeat words.  Each text has a contrast of 7 to 1 or more with its background (WCAG
2.2, success criterion 1.4.6), which a test computes.
"""

from __future__ import annotations

from collections.abc import Mapping

from wheelhouse_hashes.formats.grid import State

#: Text and background, in a light and in a dark color scheme.
Colors = tuple[str, str]

#: The colors of the page.
PAGE: Mapping[str, Colors] = {"light": ("#1b1b1b", "#ffffff"), "dark": ("#eeeeee", "#16181c")}

#: The colors of the states.
STATES: Mapping[str, Mapping[State, Colors]] = {
    "light": {
        State.VERIFIED: ("#0b4219", "#e4f5e6"),
        State.UNVERIFIED: ("#4d3800", "#fff3cf"),
        State.PLANNED: ("#1b1b1b", "#eeeeee"),
        State.UNEXPECTED: ("#47107a", "#f3e8ff"),
        State.MISSING: ("#0a2f73", "#e3ecff"),
        State.REFUSED: ("#7a0c0c", "#fde7e7"),
    },
    "dark": {
        State.VERIFIED: ("#c6f0cc", "#12351b"),
        State.UNVERIFIED: ("#ffe49a", "#3a2d05"),
        State.PLANNED: ("#eeeeee", "#333740"),
        State.UNEXPECTED: ("#e6ccff", "#351657"),
        State.MISSING: ("#cfdeff", "#14284f"),
        State.REFUSED: ("#ffd0d0", "#521010"),
    },
}

_LAYOUT = """
body { font: 1rem/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 90rem; padding: 1rem; }
table { border-collapse: collapse; margin: 0 0 1rem; }
caption { font-weight: bold; padding: .3rem 0; text-align: left; }
th, td { border: 1px solid; overflow-wrap: anywhere; padding: .3rem .6rem; text-align: left;
  vertical-align: top; }
th { white-space: nowrap; }
.name { white-space: normal; }
code, .name { font-family: ui-monospace, monospace; font-size: .9rem; font-weight: normal; }
.number { text-align: right; white-space: nowrap; }
.scroll { overflow-x: auto; }
.state { font-weight: bold; }
.state, th[scope=col] { overflow-wrap: normal; }
h2 { margin: 1.2rem 0 .4rem; }
p, ol, ul { margin: .3rem 0; }
.missing, .unexpected { border-style: dashed; border-width: 2px; }
.refused { border-width: 3px; }
details { margin: 0 0 .5rem; }
summary { cursor: pointer; padding: .2rem 0; }
dt { font-weight: bold; }
"""


def style() -> str:
    """Return the style sheet."""
    dark = f"@media (prefers-color-scheme: dark) {{\n{_colors('dark')}}}\n"
    return f"{_LAYOUT}{_colors('light')}{dark}"


def _colors(scheme: str) -> str:
    rules = {"body": PAGE[scheme]}
    rules |= {f".{state}": colors for state, colors in STATES[scheme].items()}
    return "".join(
        f"{selector} {{ background: {back}; color: {text}; }}\n"
        for selector, (text, back) in rules.items()
    )
