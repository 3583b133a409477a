"""The targets of speed: slow links, limited servers, small artifacts, start-up, scale."""

from __future__ import annotations

import statistics

from benchmarks import attesting, fetching, links, logs, peers, startup
from benchmarks.judging import Judge, Judged
from benchmarks.measure import OTHER_VERSION, Row
from benchmarks.server import RETRY_AFTER

#: The entries of the log that the limit for building belongs to.
BUILT = 1_000_000

#: The milliseconds by which the medians of equal interpreter starts may differ.
NOISE = 0.05


class Speed(Judge):
    """Judges speed: against another version (``--against``), the bare host, and other tools."""

    def judge(self) -> list[Judged]:
        """Judge all targets."""
        for milliseconds in links.MILLISECONDS:
            self._latency(links.LATENCY.format(milliseconds))
        self._version(links.PACED, 0.42)
        self._busy()
        self._small()
        self._version(fetching.NUMPY, 1.03)
        self._version(links.TLS, 1.03)
        self._at_most(
            "verified fetch / bare host, unverified", links.TLS, peers.OURS, peers.HOST, 1.15
        )
        self._version(fetching.ONE, 0.75)
        self._memory(fetching.TORCH, peers.OURS, 60)
        self._many()
        self._start()
        self._at_most(
            "--help / the other version's", startup.HELP,
            startup.OURS, startup.OURS + OTHER_VERSION, 1.0,
        )  # fmt: skip
        self._at_most(
            "--help / the bare host's", startup.HELP, startup.OURS, peers.HOST, 0.72
        )  # fmt: skip
        self._attested()
        self._logs()
        return self.judged

    def _version(self, case: str, limit: float) -> None:
        """Judge the verified fetch against that of the other version."""
        self._at_most(
            "verified fetch / the other version's", case,
            peers.OURS, peers.OURS + OTHER_VERSION, limit,
        )  # fmt: skip

    def _latency(self, case: str) -> None:
        at_once = peers.SMALL_AT_ONCE
        self._version(case, 0.35)
        workers = peers.workers(at_once)
        for one, other, limit in (
            (workers, peers.RCLONE, 1.0),
            (peers.OURS, peers.ARIA2, 2.2),
            (peers.LISTED, peers.ARIA2, 1.6),
        ):
            self._at_most(f"{one} / {other}, {at_once} at a time", case, one, other, limit)

    def _busy(self) -> None:
        """Judge a server that takes few connections: one wait, and not much more."""
        case, workers = links.BUSY, peers.workers(links.TAKEN)
        target = f"{case}: verified fetch / ({workers} + {RETRY_AFTER} s)"
        both = self._both(case, peers.OURS, workers)
        wanted = f"≤ 1.3 x + {RETRY_AFTER} s"
        if both is None:
            self._add(target, wanted)
            return
        limit = 1.3 * both[1].median + RETRY_AFTER
        measured = f"{both[0].median:.2f} s of {limit:.2f} s"
        self._add(target, wanted, measured, hit=both[0].median <= limit)

    def _small(self) -> None:
        case = fetching.SMALL
        unchecked, ours = (
            self._rows.get((case, tool)) for tool in (peers.UNCHECKED, peers.OURS)
        )  # fmt: skip
        self._at_most(
            f"{peers.UNCHECKED} / bare host, unverified", case, peers.UNCHECKED, peers.HOST, 1.0
        )
        each = unchecked.each if unchecked else None
        self._value(f"{case}: {peers.UNCHECKED}, CPU of each", each, 0.55, "ms")
        more = None
        if ours and ours.each is not None and each is not None:
            more = ours.each - each
        self._value(f"{case}: CPU of the check of contents of each", more, 0.2, "ms")

    def _many(self) -> None:
        """Judge the memory of the longest run of many small artifacts."""
        found = [
            tool
            for case, tool in self._rows
            if case == fetching.SLOPE and not tool.endswith(OTHER_VERSION)
        ]
        most = max(found, key=lambda tool: int(tool.partition(" ")[0]), default="")
        self._memory(fetching.SLOPE, most, 100)

    def _start(self) -> None:
        """Judge the start of an interpreter; other machines take other milliseconds."""
        found = [
            self._facts.get(name, {}) for name in (startup.START, startup.START + OTHER_VERSION)
        ]
        ours, others = (each.get(startup.ADDED) for each in found)
        limit = 0.54 if others is None else round(max(others, 0) + NOISE, 2)
        self._value(f"{startup.START}: added", ours, limit, "ms")

    def _attested(self) -> None:
        row = self._rows.get((attesting.CASE, attesting.OURS))
        taken = statistics.median(row.notes[attesting.AFTER_IMPORT]) if row else None
        self._value(f"{attesting.CASE}: {attesting.AFTER_IMPORT}", taken, 2.0, "s")

    def _found(self, case: str) -> tuple[str, int, Row | None]:
        """Return the name of a case of logs, its number of entries, and the row."""
        start, _, end = case.partition("{:,}")
        for (name, tool), row in self._rows.items():
            number = name.removeprefix(start).removesuffix(end).replace(",", "")
            if tool == logs.OURS and name.startswith(start) and number.isdigit():
                return name, int(number), row
        return case.replace("{:,} ", ""), 0, None

    def _logs(self) -> None:
        """Judge the scale of logs; the time to build grows with the number of entries."""
        name, size, built = self._found(logs.BUILD)
        seconds = built.median if built else None
        self._value(f"{name}: built", seconds, 30 * (size or BUILT) / BUILT, "s")
        name, _, audit = self._found(logs.AUDIT)
        seconds = audit.cpu if audit else None
        self._value(f"{name}: CPU", seconds, 2, "s")
        name, _, light = self._found(logs.LIGHT)
        gets = light.notes["gets"] + light.notes["missing"] if light else None
        self._value(f"{name}: requests", gets, 8, "GETs")
        name, _, _ = self._found(logs.APPEND)
        self._value(f"{name}: objects written", self._facts.get(logs.PUTS), 8, "PUTs")
        for case in (logs.BUILD, logs.AUDIT, logs.LIGHT, logs.APPEND):
            self._memory(self._found(case)[0], logs.OURS, 200)
