"""Parameters of which the quick tests have only a few."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest


def quick(cases: Iterable[Any], *few: object) -> list[Any]:
    """Return cases as parameters, marked ``thorough`` except a few.

    :param cases: all cases; a tuple is a case of several arguments.
    :param few: the cases that the quick tests have, too, or the first argument of each.
    """
    tuples = [case if isinstance(case, tuple) else (case,) for case in cases]
    firsts = [each[0] if isinstance(each, tuple) and each in tuples else each for each in few]
    assert all(any(first == case[0] for case in tuples) for first in firsts), few
    return [
        pytest.param(
            *case,
            marks=() if case in few or case[0] in few else pytest.mark.thorough,
        )
        for case in tuples
    ]
