"""Printing of hook calls for ``WHEELHOUSE_HASHES_TRACE=1``."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from wheelhouse_hashes.filenames import printable
from wheelhouse_hashes.runtime.screen import write

if TYPE_CHECKING:
    import pluggy


def trace_calls(manager: pluggy.PluginManager, mask: Callable[[str], str] = str) -> None:
    """Print each hook call to standard error.

    :param manager: the plugins.
    :param mask: masks the secrets in a line.
    """
    lock = threading.Lock()

    def after(
        outcome: pluggy.Result[Any],
        name: str,
        impls: Sequence[pluggy.HookImpl],
        arguments: Mapping[str, Any],
    ) -> None:
        about = arguments.get("artifact") or arguments.get("object_name") or ""
        about = getattr(about, "name", about) or arguments.get("verb", "")
        # The headers of this hook are secrets.
        secret = name == "wheelhouse_authorize" and outcome.exception is None
        result = "..." if secret else repr(outcome.exception or outcome.get_result())
        called = ", ".join(impl.plugin_name for impl in reversed(impls)) or "no plugin"
        traced = mask(f"trace: {name}({about}): called {called}; result: {result}")
        with lock:
            write(sys.stderr, f"{printable(traced)}\n")

    manager.add_hookcall_monitoring(lambda *_: None, after)
