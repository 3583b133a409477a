"""Kill uploads and fetches at random points and check the files they leave.

A process that has imported everything forks the commands one after the other. Each command
reports its phase over a pipe, based on its audit events (the package does not know about
this). When the chosen phase begins, the kernel is asked to send SIGKILL after a random part
of the phase's usual duration. The point counts for the last reported phase, where the command
really was.

Meanwhile another process reads every file under a final name, in the container and in the
folder, and compares it with the expected content.
"""

from __future__ import annotations

import ctypes
import gc
import itertools
import multiprocessing
import os
import pathlib
import random
import shutil
import signal
import struct
import sys
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event

from tests.conftest import LOCAL
from tests.support.artifacts import make_wheel, sha256
from tests.support.servers import serving_folder
from wheelhouse_hashes.disk.private_folder import PRIVATE_PREFIX
from wheelhouse_hashes.upload.index_page import INDEX

NAMES = tuple(f"demo-1.{number}-py3-none-any.whl" for number in range(3))
PAYLOAD = 400_000

DIST, CONTAINER, GOT = (pathlib.Path(name) for name in ("dist", "store/wheels", "got"))

UPLOAD = ["upload", "--hashfile", "--max-workers", "1", "--local-folder", str(DIST)]
UPLOAD += [*LOCAL, CONTAINER.name]
FETCH = ["fetch", "--verify", "--wait", "0", "--max-workers", "1"]
FETCH += ["--local-folder", str(GOT), "demo"]

#: The phases: the byte that reports each one, and the command it belongs to.
PHASES: Mapping[str, tuple[bytes, str]] = {
    "hashing": (b"H", "upload"),
    "companion put": (b"C", "upload"),
    "artifact put": (b"A", "upload"),
    "rename in the container": (b"R", "upload"),
    "index page": (b"I", "upload"),
    "body": (b"B", "fetch"),
    "rename in the folder": (b"F", "fetch"),
}
_BY_BYTE = {byte: phase for phase, (byte, _) in PHASES.items()}


@dataclass
class Outcome:
    """The results of all points."""

    #: Number of points per phase.
    hits: Counter[str] = field(default_factory=Counter)
    #: Commands that ended before the signal; they do not count as points.
    missed: int = 0
    #: Problems after a rerun.
    wrong: list[str] = field(default_factory=list)
    #: Bad files that the reader saw.
    seen: list[str] = field(default_factory=list)
    #: Number of files read under final names.
    looks: int = 0

    def is_enough(self, points: int) -> bool:
        """Return whether there are enough points in total and in each phase.

        Signals come late on a busy machine, so a point may hit a later phase than intended.
        """
        least = min(self.hits[phase] for phase in PHASES)
        return self.hits.total() >= points and least >= points // len(PHASES) // 2

    def table(self) -> str:
        """Return the counts, one line per phase."""
        rows = [f"{self.hits[phase]:6}  {phase}" for phase in PHASES]
        rows += [f"{self.hits.total():6}  points in all; {self.missed} commands were over before"]
        rows += [f"{self.looks:6}  files under final names were read meanwhile, bad ones: "]
        return "\n".join(rows) + str(len(self.seen))


@dataclass
class _Point:
    """When to kill."""

    phase: bytes
    #: Which occurrence of the phase, from 1.
    turn: int
    #: Seconds after the phase begins.
    delay: float


class _SignalEvent(ctypes.Structure):
    """``struct sigevent``."""

    _fields_ = (
        ("value", ctypes.c_void_p),
        ("number", ctypes.c_int),
        ("notify", ctypes.c_int),
        ("rest", ctypes.c_char * 48),
    )


def _kill_after(seconds: float) -> None:
    """Ask the kernel to kill this process; no thread has to wake up for it."""
    libc = ctypes.CDLL(None, use_errno=True)
    event = _SignalEvent(number=signal.SIGKILL, notify=0)
    timer = ctypes.c_void_p()
    nanoseconds = max(1, int(seconds * 1e9))
    value = (ctypes.c_long * 4)(0, 0, nanoseconds // 10**9, nanoseconds % 10**9)
    failed = libc.timer_create(time.CLOCK_MONOTONIC, ctypes.byref(event), ctypes.byref(timer))
    failed = failed or libc.timer_settime(timer, 0, ctypes.byref(value), None)
    assert not failed, os.strerror(ctypes.get_errno())


class _Reporter:
    """Reports over a pipe which phase the process is in, and since when."""

    def __init__(self, pipe: int, point: _Point | None) -> None:
        self._pipe = pipe
        self._point = point
        self._phase = b""
        self._told = b""
        self._read: set[str] = set()

    def _report(self, phase: bytes) -> None:
        if phase == self._phase:
            return
        self._phase = phase
        self._told += phase
        os.write(self._pipe, phase + struct.pack("=d", time.monotonic()))
        point = self._point
        if point and phase == point.phase and self._told.count(phase) == point.turn:
            _kill_after(point.delay)

    @staticmethod
    def _is_private(folder: str) -> bool:
        return pathlib.Path(folder).name.startswith(PRIVATE_PREFIX)

    def __call__(self, event: str, args: tuple[object, ...]) -> None:
        """Handle an audit event."""
        if event == "open" and isinstance(args[0], (str, os.PathLike)):
            # The folder is empty if the file is opened relative to a descriptor.
            folder, name = os.path.split(os.fspath(args[0]))
            if name == "object":
                following = {b"H": b"C", b"C": b"A", b"R": b"I"}
                self._report(following.get(self._phase, self._phase))
            elif name in NAMES and folder == str(DIST):
                self._report(b"H")
            elif name in NAMES and (not folder or self._is_private(folder)):
                self._report(b"F" if name in self._read else b"B")
                self._read.add(name)
        elif event in ("os.link", "os.rename") and str(args[1]).endswith(".whl"):
            self._report(b"R" if self._phase == b"A" else b"F")


def _command(argv: list[str], pipe: int, point: _Point | None) -> None:
    """Run a command in this forked process, then exit."""
    code = 1
    try:
        log = os.open("command.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(log, 1)
        os.dup2(log, 2)
        from wheelhouse_hashes.host import attach

        sys.argv = ["wheelhouse_uploader", *argv]
        sys.addaudithook(_Reporter(pipe, point))
        attach.run_host()
        code = 0
    except SystemExit as end:
        code = int(end.code or 0)
    finally:
        os._exit(code)


class _Killer:
    """Forks commands and kills them."""

    def __init__(self, seed: int, url: str) -> None:
        self._random = random.Random(seed)
        self._url = url
        self._spans: dict[str, float] = {}

    def _argv(self, verb: str) -> list[str]:
        return UPLOAD if verb == "upload" else [*FETCH, self._url]

    def run(self, verb: str, point: _Point | None = None) -> tuple[int, str | None]:
        """Run a command.

        :returns: its exit code (or the negated signal) and its last phase.
        """
        reader, writer = os.pipe()
        pid = os.fork()
        if pid == 0:
            _command(self._argv(verb), writer, point)
        os.close(writer)
        with open(reader, "rb") as file:  # noqa: PTH123 (a descriptor)
            reports = list(struct.iter_unpack("=cd", file.read()))
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        for (byte, since), (_, until) in itertools.pairwise(reports):
            phase = _BY_BYTE[byte]
            # The longest recent duration; one of a machine that was busy is soon forgotten.
            self._spans[phase] = max(0.7 * self._spans.get(phase, 0.0), until - since)
        return code, _BY_BYTE[reports[-1][0]] if reports else None

    def kill_in(self, phase: str) -> str | None:
        """Kill a command in a phase, or soon after; return the phase it was in."""
        byte, verb = PHASES[phase]
        turn = 1 if byte == b"I" else self._random.randint(1, len(NAMES))
        delay = self._random.uniform(0, self._spans.get(phase, 0.002))
        code, last = self.run(verb, _Point(byte, turn, delay))
        return last if code == -signal.SIGKILL else None


def _problems(verb: str, code: int, wheels: Mapping[str, bytes]) -> list[str]:
    """Return the problems after a rerun."""
    wrong = []
    if code != 0:
        output = pathlib.Path("command.log").read_text()
        wrong.append(f"the rerun of {verb} exited with {code}: {output}")
    if verb == "upload":
        expected = {INDEX, ".hash", *wheels, *(f"{name}.sha256" for name in wheels)}
        if set(os.listdir(CONTAINER)) != expected or os.listdir(CONTAINER / ".hash"):
            wrong.append(f"the container has {sorted(map(str, CONTAINER.rglob('*')))}")
        page = CONTAINER.joinpath(INDEX).read_text()
        wrong += [
            f"no link of {n}" for n, b in wheels.items() if f"{n}#sha256={sha256(b)}" not in page
        ]
    elif set(os.listdir(GOT)) != set(wheels):
        wrong.append(f"the folder has {os.listdir(GOT)}")
    return wrong


def _kill_all(root: str, url: str, points: int, seed: int, connection: Connection) -> None:
    """Kill at all points. Main function of the killing process."""
    os.chdir(root)
    import wheelhouse_hashes.cli.fetch
    import wheelhouse_hashes.cli.upload  # noqa: F401
    from wheelhouse_hashes.host import attach

    attach.watch()
    __import__(attach.COMMANDLINE)
    gc.freeze()
    wheels = {name: DIST.joinpath(name).read_bytes() for name in NAMES}
    killer = _Killer(seed, url)
    outcome = Outcome()

    def rerun(verb: str) -> None:
        outcome.wrong += _problems(verb, killer.run(verb)[0], wheels)

    for attempt in range(10 * points + 40):
        if outcome.is_enough(points) or outcome.wrong:
            break
        phase = min(PHASES, key=lambda phase: (outcome.hits[phase], attempt))
        verb = PHASES[phase][1]
        shutil.rmtree(GOT, ignore_errors=True)
        if verb == "upload":
            shutil.rmtree(CONTAINER, ignore_errors=True)
        elif not CONTAINER.exists():
            rerun("upload")
        hit = killer.kill_in(phase)
        if hit is None:
            outcome.missed += 1
        else:
            outcome.hits[hit] += 1
        rerun(verb)
        if verb == "upload":
            rerun("fetch")
    connection.send(outcome)


def _watch(root: str, over: Event, connection: Connection) -> None:
    """Read the files under final names repeatedly. Main function of the watching process."""
    os.chdir(root)
    wheels = {name: DIST.joinpath(name).read_bytes() for name in NAMES}
    good = {**wheels}
    good |= {f"{name}.sha256": f"{sha256(b)}  {name}\n".encode() for name, b in wheels.items()}
    looks, seen = 0, []
    while not over.is_set():
        for folder in (CONTAINER, GOT):
            try:
                names = os.listdir(folder)
            except FileNotFoundError:
                continue
            for name in names:
                if name == ".hash" or name.startswith(PRIVATE_PREFIX):
                    continue
                try:
                    content = folder.joinpath(name).read_bytes()
                except FileNotFoundError:
                    continue
                looks += 1
                whole = content.startswith(b"<html>") and content.endswith(b"</html>\n")
                if content != good.get(name) and not (name == INDEX and whole):
                    seen.append(f"{folder / name}: {len(content)} bytes")
        time.sleep(0.001)
    connection.send((looks, seen))


def kill_at_points(root: pathlib.Path, points: int, seed: int) -> Outcome:
    """Kill commands at random points, spread over the phases.

    :param root: an empty folder to work in.
    :param points: the number of commands to kill.
    :param seed: seeds the random choices; timing on the machine adds to them.
    """
    for name in NAMES:
        make_wheel(root / DIST, name, random.Random(name).randbytes(PAYLOAD))
    (root / CONTAINER).parent.mkdir()
    context = multiprocessing.get_context("spawn")
    over = context.Event()
    with serving_folder(root / CONTAINER) as server:
        ends = [context.Pipe(duplex=False) for _ in range(2)]
        arguments = (str(root), server.url, points, seed, ends[0][1])
        killer = context.Process(target=_kill_all, args=arguments)
        watcher = context.Process(target=_watch, args=(str(root), over, ends[1][1]))
        killer.start()
        watcher.start()
        for _, writer in ends:
            writer.close()
        try:
            outcome: Outcome = ends[0][0].recv()
        finally:
            over.set()
            killer.join()
        outcome.looks, outcome.seen = ends[1][0].recv()
        watcher.join()
    return outcome
