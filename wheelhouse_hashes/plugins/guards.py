"""Checks of what plugins are and return."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from wheelhouse_hashes.artifacts import Claim, Finding
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.errors import PluginError

if TYPE_CHECKING:
    import pluggy

    from wheelhouse_hashes.artifacts import Companion
    from wheelhouse_hashes.transport import Listing, Opened, OpenRequest


def guarded_content(
    plugin: str,
    hook: str,
    companion: Companion,
    keeps_its_meaning: Callable[[BaseException, str], bool],
) -> Callable[[], bytes]:
    """Return a companion's content function, wrapped so that errors name the plugin.

    :param plugin: the description of the plugin, for messages.
    :param hook: the hook that returned the companion.
    :param companion: the companion.
    :param keeps_its_meaning: returns whether an exception is passed on as it is.
    """

    def content() -> bytes:
        try:
            made = companion.content()
            if not isinstance(made, bytes):
                kind = type(made).__name__
                raise TypeError(f"the content of {companion.name} must be bytes, not {kind}")
        except BaseException as error:
            if keeps_its_meaning(error, hook):
                raise
            raise PluginError(plugin, hook, error) from error
        return made

    return content


def guarded_pieces(
    failure: Callable[[BaseException], BaseException], pieces: Iterable[bytes]
) -> Iterator[bytes]:
    """Yield the pieces of an opened object; errors name the plugin.

    :param failure: returns the exception to raise: the same one, or one that names the plugin.
    :param pieces: the pieces; closed at the end, if they can be.
    """
    close = getattr(pieces, "close", None)
    try:
        iterator = iter(pieces)
        while True:
            try:
                piece = next(iterator)
                if not isinstance(piece, bytes):
                    raise TypeError(f"pieces must be bytes, not {type(piece).__name__}")
            except StopIteration:
                return
            except BaseException as error:
                raise failure(error) from error
            yield piece
    finally:
        if close is not None:
            try:
                close()
            except BaseException as error:
                raise failure(error) from error


def check_opened(opened: Opened, request: OpenRequest) -> None:
    """Check what ``wheelhouse_open`` returned.

    :raises TypeError: if a field has another type.
    :raises ValueError: if it begins at another position than requested.
    """
    headers = opened.headers
    if not isinstance(headers, Mapping) or not all(
        isinstance(text, str) for item in headers.items() for text in item
    ):
        raise TypeError("Opened.headers must be a mapping of strings")
    if isinstance(opened.pieces, (bytes, str)) or not isinstance(opened.pieces, Iterable):
        kind = type(opened.pieces).__name__
        raise TypeError(f"Opened.pieces must be an iterable of bytes, not {kind}")
    if not isinstance(opened.secure, bool):
        raise TypeError("Opened.secure must be a bool")
    if not isinstance(opened.origin, str):
        raise TypeError("Opened.origin must be a string")
    if opened.offset not in (0, request.offset):
        raise ValueError(f"Opened.offset must be 0 or {request.offset}, not {opened.offset!r}")


def check_listing(listing: Listing) -> None:  # noqa: C901 (one check after the other)
    """Check the types of a listing's items, before anything relies on them.

    :raises TypeError: if an item or one of its fields has the wrong type.
    """
    # Imported here because not every command reads a listing.
    from wheelhouse_hashes.transport import Entry, LeftOut, Listing

    kinds = {"entries": Entry, "notes": str, "left_out": LeftOut, "lists": Listing}
    for name, kind in kinds.items():
        items = getattr(listing, name)
        if not isinstance(items, (tuple, list)):  # an iterator could be read only once
            raise TypeError(f"Listing.{name}: expected a tuple, got {type(items).__name__}")
        for item in items:
            if not isinstance(item, kind):
                raise TypeError(f"Listing.{name}: expected {kind.__name__}, got {item!r}")
    for each in listing.left_out:
        if not isinstance(each.cause, Cause) or not all(
            isinstance(text, str) for text in (each.name, each.reason)
        ):
            raise TypeError(f"a field has the wrong type: {each}")
    for inner in listing.lists:
        check_listing(inner)
    for entry in listing.entries:
        if not (
            isinstance(entry.name, str)
            and isinstance(entry.url, str)
            and (entry.size is None or isinstance(entry.size, int))
            and isinstance(entry.headers, Mapping)
            and isinstance(entry.claims, (tuple, list))
            and all(isinstance(claim, (Claim, Finding)) for claim in entry.claims)
        ):
            raise TypeError(f"a field of the entry has the wrong type: {entry}")
    number = (int, float, type(None))
    if not (
        isinstance(listing.url, str)
        and isinstance(listing.next, (str, type(None)))
        and isinstance(listing.last_modified, number)
        and isinstance(listing.age, number)
    ):
        raise TypeError(f"a field of the listing has the wrong type: {listing}")


def unknown_hooks(manager: pluggy.PluginManager, plugin: object) -> list[str]:
    """Return the names of hooks that a plugin implements but that do not exist."""
    callers = manager.get_hookcallers(plugin) or []
    return [
        caller.name
        for caller in callers
        if caller.spec is None
        and not all(i.optionalhook for i in caller.get_hookimpls() if i.plugin is plugin)
    ]
