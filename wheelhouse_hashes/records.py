"""One ``__repr__`` and one ``__eq__`` for the public dataclasses.

:mod:`dataclasses` compiles a function for each method of each class when a module is imported;
sharing these saves half of that time.
"""

from __future__ import annotations

from dataclasses import Field, fields
from typing import ClassVar


class Record:
    """Base class of dataclasses with ``eq=False`` and ``repr=False``.

    They are shown and compared as those that :mod:`dataclasses` makes.
    """

    __slots__ = ()

    __dataclass_fields__: ClassVar[dict[str, Field[object]]]

    def __repr__(self) -> str:
        shown = (f"{f.name}={getattr(self, f.name)!r}" for f in fields(self) if f.repr)
        return f"{type(self).__qualname__}({', '.join(shown)})"

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return self._values() == other._values()

    def __hash__(self) -> int:
        return hash(self._values())

    def _values(self) -> tuple[object, ...]:
        return tuple(getattr(self, f.name) for f in fields(self) if f.compare)
