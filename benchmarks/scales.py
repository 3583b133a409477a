"""The sizes of the cases: as in the targets, smaller, or the minimum."""

from __future__ import annotations

from dataclasses import dataclass

MB = 1_000_000


@dataclass(frozen=True)
class Scale:
    """The sizes of all cases."""

    name: str
    #: Repetitions of each tool, and of a tool that takes longer than ``slow`` seconds.
    repetitions: int
    slow: float
    slow_repetitions: int
    #: Number and bytes of the artifacts: numpy-like, torch-like, many small ones.
    numpy: tuple[int, int]
    torch: tuple[int, int]
    small: tuple[int, int]
    #: Many small artifacts to upload.
    small_upload: tuple[int, int]
    #: Number of dev wheels to upload, and of objects already in their containers.
    dev: int
    held: tuple[int, ...]
    #: Number of artifacts on the long index page.
    page: int
    #: Numbers of artifacts whose cost per artifact is compared.
    slope: tuple[int, ...]
    #: Many small artifacts over a slow link; milliseconds of each request, and their number.
    slow_links: tuple[tuple[int, int], ...]
    #: Number and bytes of artifacts from a server that limits each connection.
    paced: tuple[int, int]
    #: Number of small artifacts from a server that takes few connections.
    busy: int
    #: Number of attested artifacts, and of artifacts to look up in a log.
    attested: int
    #: Entries of the log that is built and grows, and of the one that is audited.
    log: int
    audited: int
    #: Numbers of artifacts whose fetches are profiled: few, and many.
    profiled: tuple[int, int]
    #: The cases that run only if they are named.
    left_out: frozenset[str]
    #: Whether tools run that take long, and all tools with their own defaults as well.
    every_tool: bool
    #: Pairs of interpreter starts.
    pairs: int
    #: Interruptions of each command.
    interruptions: int


FULL = Scale(
    name="full",
    repetitions=5,
    slow=10,
    slow_repetitions=2,
    numpy=(64, 16 * MB),
    torch=(8, 900 * MB),
    small=(2000, 50_000),
    small_upload=(500, 50_000),
    dev=100,
    held=(0, 2000, 10_000),
    page=10_000,
    slope=(10, 100, 1000, 10_000),
    slow_links=((20, 200), (100, 200)),
    paced=(32, 2 * MB),
    busy=200,
    attested=65,
    log=1_000_000,
    audited=300_000,
    profiled=(20, 1020),
    left_out=frozenset(),
    every_tool=True,
    pairs=200,
    interruptions=20,
)

QUICK = Scale(
    name="quick",
    repetitions=2,
    slow=5,
    slow_repetitions=1,
    numpy=(16, 16 * MB),
    torch=(4, 200 * MB),
    small=(600, 50_000),
    small_upload=(100, 50_000),
    dev=40,
    held=(0, 500),
    page=2000,
    slope=(10, 100, 500),
    slow_links=((20, 200), (100, 40)),
    paced=(16, 2 * MB),
    busy=100,
    attested=65,
    log=100_000,
    audited=300_000,
    profiled=(10, 210),
    left_out=frozenset({"swift", "upload-torch"}),
    every_tool=False,
    pairs=40,
    interruptions=3,
)

TOY = Scale(
    name="toy",
    repetitions=1,
    slow=5,
    slow_repetitions=1,
    numpy=(2, 100_000),
    torch=(2, 300_000),
    small=(5, 1000),
    small_upload=(4, 1000),
    dev=6,
    held=(0, 10),
    page=20,
    slope=(2, 4, 8),
    slow_links=((1, 4), (2, 3)),
    paced=(2, 10_000),
    busy=3,
    attested=2,
    log=300,
    audited=300,
    profiled=(2, 4),
    left_out=frozenset(),
    every_tool=True,
    pairs=2,
    interruptions=2,
)

SCALES = {scale.name: scale for scale in (FULL, QUICK, TOY)}
