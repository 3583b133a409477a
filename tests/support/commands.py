"""Many tests begin with these commands and look into these folders."""

from __future__ import annotations

import os
import pathlib

from tests.conftest import LOCAL, Cli, Result

GOT = pathlib.Path("got")

#: A fetch into ``got`` that waits for what may heal.  An address is missing.
FETCH_AND_WAIT = ("fetch", "--verify", "--local-folder", str(GOT), "demo")
#: The same without waiting.
FETCH = ("fetch", "--verify", "--wait", "0", "--local-folder", str(GOT), "demo")
#: An upload of ``dist`` into the container ``wheels`` of the LOCAL provider.
UPLOAD = ("upload", "--hashfile", *LOCAL, "wheels")
#: The index page of that container, made anew.
INDEX = ("index", *LOCAL, "wheels")


def fetch(cli: Cli, url: str, *options: object) -> Result:
    """Fetch the project ``demo`` into ``got``, without waiting for what may heal."""
    return cli("fetch", "--verify", "--wait", 0, "--local-folder", "got", *options, "demo", url)


def upload(cli: Cli, *options: object) -> Result:
    """Upload ``dist`` into the container ``wheels``."""
    return cli("upload", "--hashfile", "--no-enable-cdn", *LOCAL, *options, "wheels")


def got() -> list[str]:
    """Return the names in the target folder, hidden ones too."""
    return sorted(os.listdir(GOT)) if GOT.exists() else []


def names(container: pathlib.Path) -> list[str]:
    """Return the names of all objects of a container, but for what libcloud keeps there."""
    inside = container.iterdir() if container.exists() else ()
    return sorted(path.name for path in inside if path.name != ".hash")
