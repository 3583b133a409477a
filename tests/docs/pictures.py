"""Make the pictures of the documentation: ``python -m tests.docs.pictures``.

They are text, so that a change of a command's output is a change of a file, and a test
compares them with what the command prints today.
"""

from __future__ import annotations

import html
import io
import pathlib
import re
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import chdir

from tests.support import ROOT
from tests.support.damaged_release import VERIFY, make_release
from wheelhouse_hashes import testing

FOLDER = ROOT / "docs" / "pictures"

#: The command in the picture of the grid: its output without digests and next steps.
SHOWN = "wheelhouse-hashes verify dist --against SHA256SUMS --expect-file names --grid -q"

#: Colors of a terminal: background, text, and those of the words.
TERMINAL = {"back": "#1b1f27", "text": "#d8dee9", "dim": "#9aa4b2"}
WORDS = {
    "verified": "#8fce8a",
    "missing": "#ff8f8f",
    "refused": "#ff8f8f",
    "incomplete:": "#ff8f8f",
    "unexpected": "#f2c86b",
}

#: Size of a character, in units of the picture.
_WIDTH, _HEIGHT = 7.3, 18

#: Colors of the diagrams in each theme: background, boxes, lines and texts.
PALETTES: Mapping[str, Mapping[str, str]] = {
    "light": {
        "box": "#f3f5f8",
        "line": "#5c6675",
        "text": "#1d2430",
        "soft": "#4d5766",
        "weak": "#a0461a",
        "weak-box": "#fdf0e8",
        "strong": "#1b6b3a",
        "strong-box": "#e9f6ed",
    },
    "dark": {
        "box": "#262b33",
        "line": "#98a3b3",
        "text": "#eef1f5",
        "soft": "#c0c8d4",
        "weak": "#ffb78c",
        "weak-box": "#3a2a22",
        "strong": "#86d6a2",
        "strong-box": "#1f3227",
    },
}

#: The tiers above ``container``, and where their digests are from.
OUTSIDE = {
    "elsewhere": "a page at another origin, over HTTPS",
    "attested": "the signature of a workflow that you named",
    "logged": "a log that only grows",
    "pinned": "your own list, or the hash of a page",
}


def output() -> str:
    """Return what the command of the grid prints about a damaged release, without digests."""
    with tempfile.TemporaryDirectory() as name, chdir(name):
        make_release(pathlib.Path(name), damaged=True)
        done = testing.run(*VERIFY, "--grid", "--quiet")
    lines = [line for line in done.out.splitlines() if not line.startswith(" " * 11 + "expected")]
    return "\n".join(line for line in lines if not re.match(r" {11}(got|next) ", line))


def terminal(command: str, printed: str) -> str:
    """Return a picture of a command and its output.

    :param command: what a user types.
    :param printed: what the command prints.
    """
    lines = [f"$ {command}", *printed.splitlines()]
    width = round(max(map(len, lines)) * _WIDTH + 32)
    height = len(lines) * _HEIGHT + 32
    made = io.StringIO()
    made.write(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}">\n'
        f'<rect width="{width}" height="{height}" rx="8" fill="{TERMINAL["back"]}"/>\n'
        f'<g font-family="Menlo, Consolas, DejaVu Sans Mono, monospace" font-size="12" '
        f'fill="{TERMINAL["text"]}" xml:space="preserve">\n'
    )
    for number, line in enumerate(lines):
        y = 16 + _HEIGHT * number + 13
        for word in re.finditer(r"incomplete:|\S+(?: \S+)*", line):
            color = WORDS.get(word[0]) or (TERMINAL["dim"] if number == 0 else "")
            x, length = 16 + word.start() * _WIDTH, len(word[0]) * _WIDTH
            fill = f' fill="{color}"' if color else ""
            made.write(
                f'<text x="{x:.1f}" y="{y}" textLength="{length:.1f}"{fill}>'
                f"{html.escape(word[0])}</text>\n"
            )
    made.write("</g>\n</svg>\n")
    return made.getvalue()


class Drawing:
    """A diagram that is readable on a phone: tall and narrow.

    :param colors: its colors by purpose.
    :param width: its width, and
    :param height: its height, in units of the picture.
    """

    def __init__(self, colors: Mapping[str, str], width: int, height: int) -> None:
        self._colors = colors
        self._size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
        self._parts: list[str] = []

    def box(self, x: int, y: int, width: int, height: int, kind: str = "", dash: str = "") -> None:
        """Draw a box; its kind chooses the colors, and *dash* the pattern of its border."""
        fill = self._colors[f"{kind}-box" if kind else "box"]
        stroke = self._colors[kind or "line"]
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        self._parts.append(
            f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="6" '
            f'fill="{fill}" stroke="{stroke}" stroke-width="1.5"{dashed}/>'
        )

    def text(self, x: int, y: int, words: str, color: str = "text", style: str = "") -> None:
        """Write words from *x* on; *style* is ``bold`` or ``code``."""
        look = {
            "bold": ' font-weight="bold"',
            "code": ' font-family="Menlo, Consolas, DejaVu Sans Mono, monospace"',
        }
        fill = self._colors[color]
        self._parts.append(
            f'<text x="{x}" y="{y}" fill="{fill}"{look.get(style, "")}>{html.escape(words)}</text>'
        )

    def arrow(self, *points: tuple[int, int]) -> None:
        """Draw an arrow through some points."""
        path = " ".join(f"{x},{y}" for x, y in points)
        (x, y), line = points[-1], self._colors["line"]
        look = f'fill="none" stroke="{line}" stroke-width="2"'
        self._parts += [
            f'<polyline points="{path}" {look}/>',
            f'<polyline points="{x - 6},{y - 8} {x},{y} {x + 6},{y - 8}" {look}/>',
        ]

    def svg(self) -> str:
        """Return the picture."""
        head = f'<svg xmlns="http://www.w3.org/2000/svg" {self._size}'
        font = "system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif"
        return "\n".join(
            [f'{head} font-family="{font}" font-size="15">', *self._parts, "</svg>", ""]
        )


def trust(colors: Mapping[str, str]) -> str:
    """Return the diagram of the tiers: the sources inside and outside of the container."""
    drawn = Drawing(colors, 420, 594)
    drawn.box(40, 10, 340, 40)
    drawn.text(56, 35, "the CI job that builds X.whl", style="bold")
    drawn.arrow((210, 50), (210, 84))
    drawn.box(10, 86, 400, 140, "weak", "6 4")
    drawn.text(26, 110, "container", "weak", "bold")
    drawn.text(120, 110, "the bytes, and digests beside them", "soft")
    for x, y, width, words in (
        (26, 124, 84, "X.whl"),
        (122, 124, 150, "X.whl.sha256"),
        (284, 124, 110, "index.html"),
    ):
        drawn.box(x, y, width, 34)
        drawn.text(x + 14, y + 22, words, style="code")
    drawn.text(26, 184, "Whoever can write here can change", "soft")
    drawn.text(26, 206, "the wheel and its digest together.", "soft")
    drawn.text(44, 258, "Outside of it: digests that contradict", "soft")
    drawn.text(44, 279, "a replaced wheel, the strongest last", "soft")
    for number, (tier, source) in enumerate(OUTSIDE.items()):
        y = 292 + 50 * number
        drawn.box(40, y, 370, 44, "strong")
        drawn.text(52, y + 18, tier, "strong", "bold")
        drawn.text(52, y + 36, source, "text")
    drawn.arrow((24, 226), (24, 522))
    drawn.arrow((225, 486), (225, 522))
    drawn.box(10, 524, 400, 60)
    drawn.text(26, 549, "fetch --verify, verify", style="code")
    drawn.text(26, 571, "The bytes must match all of these digests.")
    return drawn.svg()


def pictures() -> Iterable[tuple[str, str]]:
    """Return the names of all pictures, with their contents."""
    yield "grid.svg", terminal(SHOWN, output())
    for theme, colors in PALETTES.items():
        yield f"trust-{theme}.svg", trust(colors)


def main() -> None:
    """Write the pictures to ``docs/pictures``."""
    FOLDER.mkdir(exist_ok=True)
    for name, content in pictures():
        FOLDER.joinpath(name).write_text(content, "utf-8")


if __name__ == "__main__":
    main()
