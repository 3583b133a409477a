"""The targets: computed from the results of the run, hit or missed."""

from __future__ import annotations

from itertools import pairwise

from benchmarks import contents, fetching, hashing, interrupting, peers, tracing, uploading
from benchmarks.judging import Judge, Judged
from benchmarks.measure import OTHER_VERSION

#: Maximum cost ratio of an artifact among thousands to one among dozens.
FLAT = 1.25


class Targets(Judge):
    """Judges what releases and uploads cost, and that each byte is handled once."""

    def judge(self) -> list[Judged]:
        """Judge all targets, in the order of the issue that set them."""
        ours, host = peers.OURS, peers.HOST
        numpy, small = fetching.NUMPY, fetching.SMALL
        self._at_most("verified fetch / bare host, unverified", numpy, ours, host, 1.6)
        for peer, factor in (
            (peers.RCLONE, 1.6),
            (peers.ARIA2, 2.4),
            (peers.CURL, 5.0),
            (peers.WGET, 5.0),
        ):
            self._faster(f"faster than {peer}", numpy, ours, peer, factor)
        self._trace()
        self._memory(uploading.LOCAL_TORCH, uploading.OURS, 120)
        self._floor()
        self._at_most("individual hash files / bare host, unverified", small, ours, host, 0.75)
        self._at_most(
            "individual hash files / our fragments alone", small, ours, peers.FRAGMENTS, 1.7
        )
        self._at_most("verified fetch / bare host, unverified", fetching.LINK, ours, host, 1.02)
        for case in (fetching.AGAIN_NUMPY, fetching.AGAIN_TORCH):
            self._rehash(case)
        self._hashing()
        for case in (uploading.LOCAL_NUMPY, uploading.SWIFT_NUMPY):
            self._at_most(
                "upload --hashfile / bare host", case, uploading.OURS, uploading.HOST, 1.05
            )
        held = [case for case, _ in self._rows if case.startswith("upload dev wheels")]
        case = held[-1] if held else uploading.DEV.format("10,000")
        self._faster("faster than the bare host", case, uploading.OURS, uploading.HOST, 2.0)
        for case in (fetching.SLOPE, uploading.SLOPE):
            self._slope(case)
        self._interruptions()
        self._contents()
        return self.judged

    def _trace(self) -> None:
        found = self._facts.get(tracing.CASE)
        target = "each byte read once from the socket, written once, never read back"
        if found is None:
            self._add(target, "1 / 1 / 0")
            return
        total = found["bytes of the artifacts"]
        # Pages, hash files and headers are read as well.
        received = found["bytes read from sockets"] / total
        written = found["bytes written to the folder"] / total
        back = found["bytes read from the folder"] / total
        hit = received <= 1.01 and written == 1 and back == 0
        self._add(target, "1 / 1 / 0", f"{received:.3f} / {written:.3f} / {back:.3f}", hit=hit)

    def _floor(self) -> None:
        """Judge against the longer of hashing on all cores and an unhashed transfer."""
        case = fetching.TORCH
        ours = self._rows.get((case, peers.OURS))
        hashing = self._rows.get((case, peers.TWO_CORES))
        plain = [
            row for tool in (peers.HOST, peers.CURL_ALONE) if (row := self._rows.get((case, tool)))
        ]
        target = f"{case}: verified fetch / floor"
        if not (ours and hashing and plain):
            self._add(target, "≤ 1.15")
            return
        floor = max(hashing.median, min(row.median for row in plain))
        ratio = ours.median / floor
        self._add(target, "≤ 1.15", f"{ratio:.2f} (floor {floor:.2f} s)", hit=ratio <= 1.15)
        # Not a target: hashing and transfer when they share the cores.
        cpu = [
            sum(s.user + s.system for s in row.samples) / len(row.samples)
            for row in (hashing, *plain)
        ]
        self._add(
            f"{case}: CPU seconds of hashing + of the unhashed transfer's client",
            "",
            f"{cpu[0]:.2f} + {min(cpu[1:]):.2f}",
        )

    def _rehash(self, case: str) -> None:
        target = f"{case}: rate / two cores hashing, artifact bytes over the network"
        both = self._both(case, peers.TWO_CORES, peers.OURS)
        if both is None:
            self._add(target, "≥ 0.9, 0")
            return
        rate = both[0].median / both[1].median
        notes = both[1].notes
        fetched = notes["body_bytes"] >= notes["bytes in the folder"]
        hit = rate >= 0.9 and not fetched
        self._add(target, "≥ 0.9, 0", f"{rate:.2f}, {'all' if fetched else 0}", hit=hit)

    def _hashing(self) -> None:
        """Compare ``hash`` with two threads that only hash, and with coreutils."""
        case, target = hashing.CASE, "rate without the start / two cores hashing"
        both = self._both(case, hashing.OURS, peers.TWO_CORES)
        starts = self._both(hashing.START, hashing.OURS, peers.TWO_CORES)
        if both is None or starts is None:
            self._add(f"{case}: {target}", "≥ 0.9")
        else:
            pairs = list(zip(both, starts, strict=True))
            ours, floor = (row.median - start.median for row, start in pairs)
            least, fastest = (row.least - start.least for row, start in pairs)
            rate, best = floor / ours, fastest / least
            whole = both[1].median / both[0].median
            said = f"{rate:.2f} (min {best:.2f}; with the start {whole:.2f})"
            self._add(f"{case}: {target}", "≥ 0.9", said, hit=rate >= 0.9)
        if self._facts.get(case, {}).get("SHA instructions", True):
            self._faster("faster than sha256sum", case, hashing.OURS, hashing.SHA256SUM, 3.0)

    def _slope(self, case: str) -> None:
        """Compare the cost of one more artifact among many with its cost among few."""
        found = sorted(
            (int(tool.partition(" ")[0]), row.median)
            for (name, tool), row in self._rows.items()
            if name == case and not tool.endswith(OTHER_VERSION)
        )
        target = f"{case}: of each further artifact"
        if len(found) < 3:
            self._add(target, f"≤ {FLAT}")
            return
        each = [1000 * (b[1] - a[1]) / (b[0] - a[0]) for a, b in pairwise(found)]
        said = ", ".join(
            f"{cost:.2f} ms up to {count:,}"
            for cost, (count, _) in zip(each, found[1:], strict=True)
        )
        # The first cost is a difference of times barely longer than a start.
        self._add(target, f"last / the one before ≤ {FLAT}", said, hit=each[-1] <= FLAT * each[-2])

    def _interruptions(self) -> None:
        for name, found in self._facts.get(interrupting.CASE, {}).items():
            target = f"Ctrl-C, {name}: longest time to the end"
            wanted = f"≤ {interrupting.AIM:g} s"
            if "max" in found:
                said = f"{found['max']:.2f} s (median {found['median']:.2f})"
                self._add(target, wanted, said, hit=found["max"] <= interrupting.AIM)
            else:
                self._add(target, wanted)

    def _contents(self) -> None:
        found = self._facts.get(contents.CASE)
        target = f"{contents.CASE}: quick, a wheel of {contents.SIZE // 1000} kB"
        if found is None:
            self._add(target, "≤ 0.2 ms")
            return
        taken = found["quick, median ms"]
        self._add(target, "≤ 0.2 ms", f"{taken:.3f} ms", hit=taken <= 0.2)
