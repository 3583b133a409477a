"""Attach to the host, wheelhouse-uploader, which has no hooks.

The host is archived and will not change, so its globals can be replaced: ``main`` of its
command line module, and, while a command runs, the few globals that ``main`` looks up.
Nothing is replaced before ``internals`` has checked all of them.

``setup_py`` handles the other command of the host, ``pkg_resources_shim`` a module that it
needs for its import, and ``deferred_imports`` the modules that it can import later.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.machinery
import sys
import types
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote

from wheelhouse_hashes._startup import HOST, leave_to_host, refuse, skip_last_collection
from wheelhouse_hashes.errors import HostMismatch, UsageError
from wheelhouse_hashes.host.deferred_imports import complete, later_urlopen, put_off, stand_ins
from wheelhouse_hashes.host.internals import check_function, check_host
from wheelhouse_hashes.host.pkg_resources_shim import pkg_resources_stand_in
from wheelhouse_hashes.host.setup_py import checked, naming_the_replacement

if TYPE_CHECKING:
    import argparse
    from importlib.abc import Loader  # slow to import

    from libcloud.storage.base import StorageDriver

    from wheelhouse_hashes.options import UploadOptions
    from wheelhouse_hashes.plugins.session import Session

COMMANDLINE = f"{HOST}.commandline"

#: Module of the download function, and module of ``python setup.py fetch_artifacts``,
#: which imports this function.
FETCH = f"{HOST}.fetch"
DISTUTILS = f"{HOST}.cmd"

#: Modules that import ``pkg_resources``.
NEED_PKG_RESOURCES = (f"{HOST}.utils", FETCH)

#: Modules that are patched when they are imported.
WATCHED = frozenset({COMMANDLINE, DISTUTILS, *NEED_PKG_RESOURCES})


def attach(module: types.ModuleType) -> Callable[[], None]:
    """Replace the ``main`` function of the host.

    :param module: the host's command line module.
    :returns: a function that restores the original.
    :raises HostMismatch: if this version of the host is not supported.
    """
    check_host(module)
    original = module.main
    module.main = lambda: _main(module, original)  # type: ignore[attr-defined]

    def undo() -> None:
        module.main = original  # type: ignore[attr-defined]

    return undo


@contextlib.contextmanager
def _replaced(module: types.ModuleType, **values: object) -> Iterator[None]:
    before = {name: getattr(module, name) for name in values}
    vars(module).update(values)
    try:
        yield
    finally:
        vars(module).update(before)


def _main(module: types.ModuleType, original: Callable[[], None]) -> None:
    """Parse a command, then run it through the host or leave it to the host alone."""
    from wheelhouse_hashes.cli.verbs import exit_with_one_line

    with exit_with_one_line() as ending:
        from wheelhouse_hashes.builtin import BUILT_IN
        from wheelhouse_hashes.cli.parser import Parser, Verbs, warn
        from wheelhouse_hashes.plugins.hooks import Plugins

        verbs = Verbs(Plugins.load(BUILT_IN))
        if not verbs.plugins.has_installed:
            skip_last_collection()
        parser = types.SimpleNamespace(ArgumentParser=Parser.of(verbs))
        with _replaced(module, argparse=parser):
            options = module.parse_args()
        if not hasattr(options, "command"):
            # No verb: the host alone would end with a traceback.
            verbs.print_help(sys.stderr)
            sys.exit(UsageError.exit_code)
        run = verbs.run(options) if verbs.owns(options) else None
        for failure in verbs.plugins.failures:
            warn(f"warning: {failure}")
        if run is not None:
            ending.masked = run.masked
            command = verbs.commands[run.verb]
            if command.verb.store:
                from wheelhouse_hashes.host.libcloud_trust import trust_same_authorities

                trust_same_authorities()
            if command.hosted:
                code = _run_through_host(module, original, run, options)
            else:
                code = command.start(run)
            if code:
                sys.exit(code)
            return
    leave_to_host()
    # Outside of exit_with_one_line, because the host alone handles its own errors.
    with _replaced(module, parse_args=lambda: options):
        original()


def _run_through_host(
    module: types.ModuleType,
    original: Callable[[], None],
    run: Session[Any],
    options: argparse.Namespace,
) -> int:
    """Run a command through the host's ``main``, with its upload or fetch phase replaced.

    :returns: the exit code.
    """
    codes: list[int] = []

    def download_artifacts(url: str, folder: str, project_name: str, version: str | None) -> None:
        run.client.close()  # without the extra "fetch", end here with a helpful message
        # Imported here because each verb takes some milliseconds.
        from wheelhouse_hashes.cli.fetch import fetch

        codes.append(fetch(run, url, folder, project_name, version).exit_code)

    replacements: dict[str, object] = {"parse_args": lambda: options}
    if run.verb == "upload":
        check_function(module, "Uploader")
        replacements["Uploader"] = _uploader_class(module.Uploader, run)
    else:
        replacements["download_artifacts"] = download_artifacts
    with _replaced(module, **replacements):
        try:
            original()
        except _Ended as ended:
            codes.append(ended.exit_code)
    return max(codes, default=0)


class _Ended(Exception):
    """Ends an upload that failed or was a dry run before the host reports success."""

    def __init__(self, exit_code: int) -> None:
        super().__init__(exit_code)
        self.exit_code = exit_code


def _uploader_class(base: type, run: Session[UploadOptions]) -> type:
    """Return the host's uploader class with its upload phase replaced, but not its CDN step."""
    from wheelhouse_hashes.cli.upload import upload
    from wheelhouse_hashes.stores.driver import Account
    from wheelhouse_hashes.stores.names import ContainerName

    class Uploader(base):  # type: ignore[misc]
        @property
        def account(self) -> Account:
            options = run.options.driver_options
            return Account(self.provider_name, self.username, self.secret, self.region, options)

        def make_driver(self) -> StorageDriver:
            return self.account.make_driver()

        def get_container_cdn_url(self, container_name: str) -> str:
            name = ContainerName.parse(container_name)
            try:
                url: str = super().get_container_cdn_url(name.container)
            # Stores without a CDN raise different errors, which the host reports as failures.
            except Exception:  # noqa: BLE001
                return f"container {container_name} (no CDN URL available)"
            return f"{url.rstrip('/')}/{quote(name.prefix)}" if name.prefix else url

        def upload(self, local_folder: str, container: str, retry_on_error: int = 0) -> None:  # noqa: ARG002 (the host passes it)
            report = upload(
                run, self.account, container, local_folder, with_index=self.update_index
            )
            if report.exit_code or run.options.dry_run:
                raise _Ended(report.exit_code)

    return Uploader


class _Loader:
    """Executes a module of the host with its original loader, and patches it."""

    def __init__(self, name: str, loader: Loader, *, attaching: bool) -> None:
        self._name = name
        self._loader = loader
        self._attaching = attaching

    def __getattr__(self, name: str) -> object:
        return getattr(self._loader, name)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType | None:
        module: types.ModuleType | None = self._loader.create_module(spec)
        return module

    def exec_module(self, module: types.ModuleType) -> None:
        if self._name in NEED_PKG_RESOURCES:
            with pkg_resources_stand_in(), later_urlopen():
                self._loader.exec_module(module)
            if self._name == FETCH:
                download = module.download_artifacts
                module.download_artifacts = checked(download, _run_command)  # type: ignore[attr-defined]
        elif self._name == DISTUTILS:
            with naming_the_replacement():
                self._loader.exec_module(module)
        else:
            with stand_ins():
                self._loader.exec_module(module)
            put_off(module)
            if self._attaching:
                _attach_or_refuse(module)


def _attach_or_refuse(module: types.ModuleType) -> None:
    """Attach to the host, or print why not and leave the host unchanged."""
    try:
        # Import what every command needs, so that a module that cannot be imported is
        # reported before the host's command runs.
        for name in ("builtin", "cli.verbs", "plugins.hooks"):
            importlib.import_module(f"wheelhouse_hashes.{name}")
        attach(module)
    except HostMismatch as error:
        complete(module)  # deferring is only safe for a supported host
        refuse(str(error))
    except Exception as error:  # noqa: BLE001 (a broken installation must not stop the host)
        complete(module)
        refuse(f"cannot extend {HOST}: {type(error).__name__}: {error}")


class _Finder:
    """Finds the host's modules as usual, and wraps their loaders in :class:`_Loader`.

    :param attaching: whether to attach to the host when it is imported.
    """

    def __init__(self, *, attaching: bool) -> None:
        self._attaching = attaching

    def find_spec(
        self,
        name: str,
        path: Sequence[str] | None,
        target: types.ModuleType | None = None,
    ) -> importlib.machinery.ModuleSpec | None:
        if name not in WATCHED:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            loader = _Loader(name, spec.loader, attaching=self._attaching)
            spec.loader = cast("Loader", loader)
        return spec


def watch(*, attaching: bool = True) -> None:
    """Patch the host's modules when they are imported.  Calling this again has no effect.

    :param attaching: whether to attach to the host then, or only to make its import work.
    """
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder(attaching=attaching))


def _run_command(command: list[str]) -> None:
    """Run a command line of the host, or refuse an unsupported host."""
    with _replaced(sys, argv=command):
        try:
            run_host()
        except HostMismatch as error:
            refuse(str(error))


def run_host() -> None:
    """Import the host and run its command line, as ``python -m`` does.

    :raises HostMismatch: if it cannot be imported or is not supported.
    """
    watch(attaching=False)  # attached below, where a refusal ends the command
    try:
        module = importlib.import_module(COMMANDLINE)
    except ImportError as error:
        raise HostMismatch(
            f"{HOST} cannot be imported ({error}); reinstall wheelhouse-hashes and its "
            "dependencies: python -m pip install --force-reinstall wheelhouse-hashes"
        ) from error
    if module.main.__module__ != __name__:
        attach(module)
    module.main()
