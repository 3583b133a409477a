"""The pages as a whole: their kinds, pictures, words and links, and what is generated."""

from __future__ import annotations

import re

import pytest

from tests.docs import causes_page, pictures
from tests.support import ROOT
from tests.support.docpages import PAGES
from wheelhouse_hashes.artifacts import Tier

INDEX = PAGES["docs/index.rst"]

#: The pages of each kind (https://diataxis.fr), by the heading on the start page.
KINDS = {
    name: re.findall(r"^   ([\w-]+)$", body, re.MULTILINE)
    for name, body in re.findall(
        r"^   :caption: (.*)\n   :maxdepth: 1\n\n((?:   [\w-]+\n)+)", INDEX, re.MULTILINE
    )
}

#: Words with one meaning each, in messages, code and documentation.
WORDS = {
    *("artifact", "digest", "hash file", "companion", "container", "object", "listing"),
    *("digest list", "claim", "source", "tier", "finding", "verdict", "cause", "report", "run"),
    *("host", "phase", "index page", "announced", "plugin", "hook", "worker", "dev build"),
    "leftover",
}

#: Sites that the pages may link to: a misspelled one is noticed without a network.
#: ``example.org`` stands for the site of the project.
SITES = {"c2sp.org", "example.org", "github.com", "keepachangelog.com", "pre-commit.com"}


def test_start_page_has_the_four_kinds() -> None:
    names = ["Tutorials", "How-to guides", "Reference", "Explanation", "The project"]
    assert list(KINDS) == names
    assert all(KINDS.values())


@pytest.mark.parametrize("page", KINDS["How-to guides"])
def test_how_to_guide_begins_with_a_problem_and_names_its_limits(page: str) -> None:
    """The first paragraph has no command, and a section says what is not solved."""
    text = PAGES[f"docs/{page}.rst"]
    first = text.split("\n\n")[1]
    assert "python -m" not in first
    assert re.search(r"^What (?:\w+ )*do(?:es)? not \w+\n===", text, re.MULTILINE), page


def test_glossary_has_each_word() -> None:
    listed = re.findall(r"^   (\w[\w, -]*)$", PAGES["docs/glossary.rst"], re.MULTILINE)
    terms = {term for line in listed for term in line.split(", ")}
    assert terms >= WORDS


def test_pictures_are_those_of_today() -> None:
    for name, content in pictures.pictures():
        assert pictures.FOLDER.joinpath(name).read_text("utf-8") == content, (
            f"{name}: run python -m tests.docs.pictures"
        )


def test_diagram_of_trust_has_each_tier() -> None:
    assert ["container", *pictures.OUTSIDE] == [str(tier) for tier in Tier]


def luminance(color: str) -> float:
    parts = [int(color[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, two: str) -> float:
    high, low = sorted((luminance(one), luminance(two)), reverse=True)
    return (high + 0.05) / (low + 0.05)


#: The background of the pages in each theme, of which the diagrams have none of their own.
BACKGROUNDS = {"light": "#ffffff", "dark": "#131416"}


@pytest.mark.parametrize("theme", pictures.PALETTES)
def test_diagrams_are_readable(theme: str) -> None:
    """The contrast of each text is at least that of WCAG 2.2, 1.4.3."""
    colors = pictures.PALETTES[theme]
    behind = [colors["box"], colors["weak-box"], colors["strong-box"], BACKGROUNDS[theme]]
    for text in ("text", "soft"):
        assert min(contrast(colors[text], back) for back in behind) >= 4.5
    for kind in ("weak", "strong"):
        assert contrast(colors[kind], colors[f"{kind}-box"]) >= 4.5


def test_pictures_of_terminals_are_readable() -> None:
    back = pictures.TERMINAL["back"]
    for color in (pictures.TERMINAL["text"], pictures.TERMINAL["dim"], *pictures.WORDS.values()):
        assert contrast(color, back) >= 4.5


def test_every_picture_has_a_text() -> None:
    for page, text in PAGES.items():
        for options in re.findall(
            r"^ *\.\. (?:image|figure):: .*\n((?: +:.*\n)*)", text, re.MULTILINE
        ):
            assert ":alt: " in options, page


def test_page_of_causes_is_that_of_today() -> None:
    assert causes_page.PAGE.read_text("utf-8") == causes_page.page(), (
        "run python -m tests.docs.causes_page"
    )


def test_external_links_are_well_formed() -> None:
    """Links of the text, not addresses in literals; ``tox run -e links`` requests them."""
    for page, text in PAGES.items():
        linked = re.findall(r"`[^`<]*<(\w+:[^>]*)>`_", text)
        blocks = re.sub(r"^( *)(?:\S.*)?::.*\n(?:(?:\1 +.*)?\n)+", "", text, flags=re.MULTILINE)
        bare = re.sub(r"``.*?``", "", blocks, flags=re.DOTALL)
        for url in [*linked, *re.findall(r"\bhttps?://[^\s>)]+", bare)]:
            site = re.fullmatch(r"https://([a-z0-9.-]+)(?:/[\w./@+#-]*)?", url)
            assert site is not None, (page, url)
            assert site[1] in SITES, (page, url)


def test_pages_that_are_named_exist() -> None:
    names = {path.rpartition("/")[2] for path in PAGES} | {path.name for path in ROOT.glob("*.rst")}
    for page, text in PAGES.items():
        named = re.findall(r"``(?:docs/)?([\w-]+\.rst)``", text)
        assert [name for name in named if name not in names] == [], page


def test_cells_of_simple_tables_are_whole() -> None:
    """A second line in the first column of a simple table would be a row of its own."""
    rule = re.compile(r" *=+(?: +=+)+ *")
    for page, text in PAGES.items():
        columns: list[int] = []
        for line in text.splitlines():
            if rule.fullmatch(line):
                columns = [found.start() for found in re.finditer("=+", line)]
            elif not line.strip():
                columns = []
            elif len(columns) > 1 and line[columns[0]] != " ":
                assert line[columns[1] :].strip(), (page, line)
