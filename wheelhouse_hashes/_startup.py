"""Register an import hook that notices when the host is imported.

``wheelhouse_hashes.pth`` (from Python 3.15 on, ``wheelhouse_hashes.start``, :pep:`829`)
calls :func:`install` at the start of every interpreter; in a virtual environment it
runs twice.  It only adds a finder to ``sys.meta_path``.  The finder never finds a
module, but it activates :mod:`wheelhouse_hashes.host.attach` before the host is imported.

Until then only ``sys`` is imported, to keep interpreter start-up fast.

If the interpreter was started for one of our commands, Ctrl-C also ends it with one line
from here on, see :func:`end_on_interrupt`, and garbage is collected less often, see
:func:`collect_rarely`.
"""

import sys

HOST = "wheelhouse_uploader"

#: The module that extends the host.  It is imported by name because this module is
#: the lowest layer and must not depend on any other.
ATTACH_MODULE = "wheelhouse_hashes.host.attach"

DISABLE = "WHEELHOUSE_HASHES_DISABLE"

#: Also applies where the command line is not used: ``python setup.py fetch_artifacts``.
VERIFY = "WHEELHOUSE_UPLOADER_VERIFY"

#: The environment variables of command line options.  They are defined here because
#: they must be available even if no other module can be imported: setting any of
#: them requests a verified run, which must not silently become an unverified one.
OPTION_VARIABLES = (
    "WHEELHOUSE_UPLOADER_HASHFILE",
    "WHEELHOUSE_UPLOADER_HASH_ALGORITHM",
    "WHEELHOUSE_UPLOADER_DRIVER_OPTIONS",
    VERIFY,
    "WHEELHOUSE_UPLOADER_REQUIRE",
    "WHEELHOUSE_UPLOADER_ATTESTED_BY",
    "WHEELHOUSE_UPLOADER_LOG",
    "WHEELHOUSE_UPLOADER_LOG_KEY",
    "WHEELHOUSE_UPLOADER_ALLOW_EMPTY",
    "WHEELHOUSE_UPLOADER_WAIT",
    "WHEELHOUSE_UPLOADER_TIMEOUT",
    "WHEELHOUSE_UPLOADER_MAX_WORKERS",
    "WHEELHOUSE_UPLOADER_EXPECT",
    "WHEELHOUSE_UPLOADER_AGAINST",
)

#: The command that does not need the start-up file.
_SCRIPT = "wheelhouse-hashes"

#: How many more objects a command makes than it frees before it looks for cyclic garbage
#: (:func:`gc.set_threshold`); its modules make 30,000 to 60,000.
THRESHOLD = 100_000

#: Python's own thresholds while a command of ours has that one, otherwise empty.
_thresholds: "list[int]" = []

#: The host's verbs and options.  A command line with nothing else is left to the host, which
#: is archived and gets no new ones.
_HOST_VERBS = ("upload", "fetch")
_HOST_OPTIONS = (
    *("--local-folder", "--username", "--secret", "--provider-name", "--region"),
    *("--max-workers", "--no-ssl-check", "--no-enable-cdn", "--no-update-index"),
    *("--upload-pull-request", "--version"),
)


def is_on(value: "str | None") -> bool:
    """Return whether the value of an environment variable means "on"."""
    return (value or "").strip().lower() not in ("", "0", "false")


def variables_set() -> "list[str]":
    """Return the names of the option environment variables that are on."""
    import os

    return [name for name in OPTION_VARIABLES if is_on(os.environ.get(name))]


def refuse(reason: str) -> None:
    """Report why the host runs alone; exit if a verified run was requested.

    :param reason: why the host cannot be extended.
    :raises SystemExit: with status 2 if one of :data:`OPTION_VARIABLES` is on.
    """
    leave_to_host()
    requested = variables_set()
    advice = ""
    if requested:
        one = len(requested) == 1
        require, variables = ("requires", "variable") if one else ("require", "variables")
        advice = (
            f"; {', '.join(requested)} {require} wheelhouse-hashes: fix the problem or unset the "
            f"{variables}"
        )
    # The rule of ``runtime.screen``, which may be what cannot be imported.
    reason = "".join(c if c.isprintable() else " " for c in reason).replace("##", "#\\x23")
    try:  # noqa: SIM105 (contextlib is not imported yet)
        sys.stderr.write(f"wheelhouse-hashes: {reason}{advice}\n")
    except (OSError, AttributeError):
        pass  # it is closed or full
    if requested:
        raise SystemExit(2)


def wake() -> None:
    """Prepare to extend the host, which is about to be imported."""
    import os

    if is_on(os.environ.get(DISABLE)):
        if variables_set():
            refuse(f"disabled by {DISABLE}={os.environ[DISABLE]}")
        return
    try:
        import importlib

        importlib.import_module(ATTACH_MODULE).watch()
    except Exception as error:  # noqa: BLE001 (a broken installation must not stop the host)
        refuse(f"cannot extend {HOST}: {type(error).__name__}: {error}")


class _Finder:
    """A finder that never finds a module but calls :func:`wake` when the host is imported."""

    woken = False

    @classmethod
    def find_spec(
        cls,
        name: str,
        path: object = None,  # noqa: ARG003 (the import system's signature)
        target: object = None,  # noqa: ARG003 (the same)
    ) -> None:
        """Implement :meth:`importlib.abc.MetaPathFinder.find_spec`."""
        # ``python -m`` looks up a package twice.
        if name == HOST and not cls.woken:
            cls.woken = True
            wake()


def _is_our_command() -> bool:
    """Return whether this process runs a command that is not the host's alone."""
    arguments = getattr(sys, "argv", None) or [""]
    if arguments[0] != "-m":  # that of ``python -m`` until the module is found
        name = arguments[0].replace("\\", "/").rpartition("/")[2]
        return name in (_SCRIPT, f"{_SCRIPT}.exe")
    module = sys.orig_argv[-len(arguments)]
    if module.startswith("-"):  # ``-mMODULE``, ``-ImMODULE``
        module = module.partition("m")[2]
    if module != HOST:
        return module == __name__.partition(".")[0]
    if not set(arguments[1:2]) & set(_HOST_VERBS) or variables_set():
        return True
    options = [each.partition("=")[0] for each in arguments if each.startswith("--")]
    return not all(any(known.startswith(each) for known in _HOST_OPTIONS) for each in options)


def _end(_number: int, _frame: object) -> None:
    import os

    # An exception could be raised anywhere, in the middle of an import or in a callback
    # that cannot raise.  Nothing has begun yet that needs cleaning up.
    os.write(2, b"wheelhouse-hashes: interrupted\n")
    os._exit(130)


def end_on_interrupt() -> None:
    """Let Ctrl-C end the process with one line and exit code 130, outside of a run.

    Without this, Python prints a traceback while the command is being imported.  A run has
    handlers of its own.  Has no effect on an ignored signal, and on a handler of others.
    """
    # Part of the interpreter, unlike ``signal``, whose import takes a millisecond.
    import _signal  # type: ignore[import-not-found]

    if _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:
        _signal.signal(_signal.SIGINT, _end)


def leave_to_host() -> None:
    """Undo what was set for a command of ours, because the host runs alone."""
    import _signal
    import atexit
    import gc

    if _thresholds:
        gc.set_threshold(*_thresholds)
        _thresholds.clear()
        atexit.unregister(gc.freeze)
    if _signal.getsignal(_signal.SIGINT) is _end:
        _signal.signal(_signal.SIGINT, _signal.default_int_handler)


def collect_rarely() -> None:
    """Look for cyclic garbage less often: the start of a command makes next to none."""
    # Part of the interpreter, and imported in no time.
    import gc

    _thresholds[:] = gc.get_threshold()
    gc.set_threshold(THRESHOLD)


def skip_last_collection() -> None:
    """Look for no garbage at the end of the process: that takes a tenth of a short command.

    For commands without plugins of others: a file that is part of garbage would not be flushed.
    Has no effect in other processes.
    """
    import atexit
    import gc

    if _thresholds:
        atexit.register(gc.freeze)


def install() -> None:
    """Register the finder.  Further calls have no effect."""
    if _Finder not in sys.meta_path:
        sys.meta_path.insert(0, _Finder)
        if _is_our_command():
            import os

            if not is_on(os.environ.get(DISABLE)):
                end_on_interrupt()
                collect_rarely()
