"""The artifacts that differences are about."""

from __future__ import annotations

from collections import Counter

from tests.support.releases import with_previous
from wheelhouse_hashes.formats.differences import Difference
from wheelhouse_hashes.formats.expected_lines import parse_lines
from wheelhouse_hashes.formats.kind_changes import kinds_of, lost
from wheelhouse_hashes.formats.wheel_kinds import Kind


def test_missing_kinds_of_real_releases_are_counted_once() -> None:
    """The sentences about a release have exactly the kinds that it lacks."""
    alarms = 0
    for before, now in with_previous():
        old, new = kinds_of(before.sizes), kinds_of(now.sizes)
        found = Counter(kind for each in lost(old, new, "before") for kind in each.missing)
        assert found == old - new
        alarms += bool(found)
    assert alarms > 10


def test_lines_name_missing_and_unexpected_artifacts() -> None:
    lines = parse_lines("demo-1.0.tar.gz\ncp312-*\n!*-win32")
    wheels = [f"demo-1.0-{tags}.whl" for tags in ("cp313-cp313-win32", "py3-none-any")]
    assert [(each.missing, each.unexpected) for each in lines.unmet(wheels)] == [
        ((Kind("", "sdist"),), ()),
        ((), ()),
        ((), (wheels[0],)),
        ((), (wheels[1],)),
    ]


def test_name_of_no_artifact_is_of_no_kind() -> None:
    assert Difference.of_missing("lost", "no artifact") == Difference("lost")
