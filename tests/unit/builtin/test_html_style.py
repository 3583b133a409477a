"""The colors of the page that ``--html`` writes."""

from __future__ import annotations

import pytest

from wheelhouse_hashes.builtin.reports.html_style import PAGE, STATES, style
from wheelhouse_hashes.formats.grid import State


def luminance(color: str) -> float:
    """Return the relative luminance of a color (WCAG 2.2)."""
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_has_enhanced_contrast(scheme: str) -> None:
    """Text and background differ by 7 to 1 or more (WCAG 2.2, 1.4.6)."""
    assert set(STATES[scheme]) == set(State)
    for text, background in (PAGE[scheme], *STATES[scheme].values()):
        lighter, darker = sorted((luminance(text), luminance(background)), reverse=True)
        assert (lighter + 0.05) / (darker + 0.05) >= 7, (text, background)


def test_style_has_every_state_in_both_schemes() -> None:
    for state in State:
        assert style().count(f"\n.{state} {{ background: ") == 2
