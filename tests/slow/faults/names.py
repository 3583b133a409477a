"""Names that must not become file names (E.2.1). Each is listed beside a good wheel."""

from __future__ import annotations

import json
import unicodedata
from urllib.parse import quote

from tests.slow.faults.catalogue import B, Case, Check, Done, fault, link, page, wheel
from tests.support.artifacts import A, hash_file
from tests.support.servers import respond
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.formats.pages import JSON_TYPE


def _also(case: Case, name: str) -> Check:
    """List an object with this name as well; its URL serves the wheel."""
    encoded = quote(name, safe="")
    case.list(link(encoded, wheel()))
    case.routes[f"/{encoded}"] = wheel()

    def check(done: Done) -> None:
        asked = {path for _, path, _ in case.server.requests}
        assert asked == {"/", f"/{A}", f"/{A}.sha256"}, asked

    return check


@fault("E.2.1.1", causes=Cause.UNSAFE_NAME, left=(A,), says="../demo")
def name_with_a_parent_folder(case: Case) -> Check:
    """``../X.whl`` with an encoded slash."""
    return _also(case, f"../{A}")


@fault("E.2.1.1", causes=Cause.UNSAFE_NAME, left=(A,))
def name_with_a_parent_folder_in_json(case: Case) -> None:
    """``../X.whl`` as a file name in a JSON page."""
    files = [{"filename": name, "url": A, "hashes": {}} for name in (A, f"../{A}")]
    body = json.dumps({"files": files}).encode()
    case.routes["/"] = lambda handler: respond(handler, 200, body, Content_Type=JSON_TYPE)


@fault("E.2.1.1", causes=Cause.UNSAFE_NAME, left=(A,))
def name_with_an_absolute_path(case: Case) -> Check:
    """``/folder/X.whl`` with encoded slashes."""
    return _also(case, f"{case.folder}/{B}")


@fault("E.2.1.1", causes=Cause.UNSAFE_NAME, left=(A,))
def name_with_a_parent_folder_in_a_list(case: Case) -> None:
    """``../X.whl`` in a container's plain list of names."""
    body = f"{A}\n{A}.sha256\n../{A}\n".encode()
    case.routes["/"] = lambda handler: respond(handler, 200, body, Content_Type="text/plain")


@fault("E.2.1.2", causes=Cause.UNSAFE_NAME, left=(A,))
def name_with_a_backslash(case: Case) -> Check:
    r"""``..\X.whl``, a path on Windows."""
    return _also(case, f"..\\{A}")


@fault("E.2.1.3", causes=Cause.UNSAFE_NAME, left=(A,))
def name_with_a_drive(case: Case) -> Check:
    """``C:X.whl``, a path on Windows."""
    return _also(case, f"C:{A}")


@fault("E.2.1.4", causes=Cause.UNSAFE_NAME, left=(A,))
def name_with_a_server(case: Case) -> Check:
    r"""``\\srv\share\X.whl``, a path on Windows."""
    return _also(case, f"\\\\srv\\share\\{A}")


@fault("E.2.1.5", causes=Cause.UNSAFE_NAME, left=(A,))
def name_with_a_stream(case: Case) -> Check:
    """``X.whl:ads``, an alternate data stream on Windows."""
    return _also(case, f"{A}:ads")


@fault("E.2.1.6", causes=Cause.UNSAFE_NAME, says="reserved for a device on Windows")
def name_of_a_device(case: Case) -> Check:
    """``con.x-1.0.tar.gz``: the console on Windows. CON alone is not an artifact name."""
    case.project = "con.x"
    case.good.clear()
    case.routes["/"] = page()
    case.list(link("con.x-1.0.tar.gz", wheel()), link("CON"))
    case.routes["/con.x-1.0.tar.gz"] = wheel()

    def check(done: Done) -> None:
        assert case.server.paths() == ["/"]

    return check


@fault("E.2.1.7", causes=Cause.UNSAFE_NAME, says="reserved for a device on Windows")
def name_of_the_null_device(case: Case) -> None:
    """``nul.x-1.0-py3-none-any.whl``: nothing on Windows. nul.whl is not an artifact name."""
    case.project = "nul.x"
    case.good.clear()
    case.routes["/"] = page()
    case.list(link("nul.x-1.0-py3-none-any.whl", wheel()), link("nul.whl"))


@fault("E.2.1.8", causes=(Cause.UNSAFE_NAME,), left=(A,))
def name_with_a_dot_at_its_end(case: Case) -> Check:
    """``X.whl.``, which Windows treats as X.whl."""
    return _also(case, f"{A}.")


@fault("E.2.1.8", causes=Cause.UNSAFE_NAME, left=(A,))
def name_with_a_space_at_its_end(case: Case) -> Check:
    """``X.whl`` followed by a space, which Windows treats as X.whl."""
    return _also(case, f"{A} ")


@fault("E.2.1.9", causes=Cause.UNSAFE_NAME, left=(A,), says="\\x00")
def name_with_nul(case: Case) -> Check:
    """``X.whl`` followed by a NUL byte, where C libraries end the name."""
    return _also(case, f"{B}\0.txt")


@fault("E.2.1.10", causes=Cause.UNSAFE_NAME, left=(A,), says="\\n")
def name_with_a_newline(case: Case) -> Check:
    """``X.whl`` followed by a line feed and a forged output line."""
    return _also(case, f"{B}\nok: {B}")


@fault("E.2.1.11", causes=Cause.UNSAFE_NAME, left=(A,), says="\\u202e")
def name_with_a_right_to_left_override(case: Case) -> Check:
    """U+202E in the name, which displays it backwards."""
    return _also(case, f"{B[:8]}\u202e{B[8:]}")


@fault("E.2.1.11", causes=Cause.UNSAFE_NAME, left=(A,), says="\\x1b[2J")
def name_with_a_terminal_escape(case: Case) -> Check:
    """An escape sequence in the name that clears the screen."""
    return _also(case, f"{B[:8]}\x1b[2J/{B}")


@fault("E.2.1.12", left=(A,))
def name_in_two_normal_forms(case: Case) -> Check:
    """A project name with an accent, composed and decomposed: not a valid artifact name."""
    _also(case, unicodedata.normalize("NFC", f"demo\u0301{A}"))
    return _also(case, unicodedata.normalize("NFD", f"d\u00e9mo{A[4:]}"))


@fault("E.2.1.13", causes=(Cause.UNSAFE_NAME, Cause.UNSAFE_NAME), left=(B,), says="only in case")
def names_that_differ_in_case(case: Case) -> None:
    """``X.whl`` and ``x.whl``, the same file on Windows and macOS: neither is kept."""
    case.add(B, wheel(B))
    other_case = A.replace("demo", "Demo")
    case.list(link(other_case, wheel()))
    case.routes[f"/{other_case}"] = wheel()


@fault("E.2.1.14", causes=Cause.UNSAFE_NAME, left=(A,), says="longer than 255 bytes")
def name_that_is_too_long(case: Case) -> Check:
    """A wheel name of 300 bytes."""
    return _also(case, f"demo-1.0-1{'x' * (300 - len(B))}{B[10:]}")


@fault("E.2.1.15", causes=Cause.UNSAFE_NAME, left=(A,))
def name_with_a_dash_at_its_beginning(case: Case) -> Check:
    """``-X.whl``, which commands take for options."""
    return _also(case, f"-{A}")


@fault("E.2.1.16", causes=Cause.UNSAFE_NAME, left=(A,))
def name_encoded_once(case: Case) -> None:
    """``%2e%2e%2fX.whl`` is decoded before it is checked."""
    case.list(link(f"%2e%2e%2f{A}", wheel()))


@fault("E.2.1.16", left=(A,))
def name_encoded_twice(case: Case) -> None:
    """``%252e%252e%252fX.whl`` is decoded only once: the result is not an artifact name."""
    case.list(link(f"%252e%252e%252f{A}", wheel()))


@fault("E.2.1.17", left=(A,))
def link_with_a_query(case: Case) -> None:
    """``X.whl?signature=…`` is X.whl; its query is not shown."""
    case.routes["/"] = page(link(f"{A}?signature=SECRET", wheel()))


@fault("E.2.1.17", left=(A,))
def link_with_parameters(case: Case) -> None:
    """``X.whl;version=2`` is not an artifact name."""
    case.list(link(f"{A};version=2", wheel()))


@fault("E.2.1.18", left=(A,))
def name_of_a_part(case: Case) -> None:
    """``X.whl.part``, left by another tool, is not an artifact."""
    case.list(link(f"{A}.part", wheel()))
    case.routes[f"/{A}.part"] = wheel()


@fault("E.2.1.19", causes=Cause.DISK, left=(A, B), says="is not a regular file; remove it")
def link_in_the_place_of_the_file(case: Case) -> Check:
    """A symbolic link to an outside file has the wheel's name."""
    case.add(B, wheel(B))
    case.got.mkdir()
    (case.folder / "victim").write_bytes(b"precious")
    (case.got / A).symlink_to(case.folder / "victim")
    case.good[A] = b"link to " + str(case.folder / "victim").encode()

    def check(done: Done) -> None:
        assert (case.folder / "victim").read_bytes() == b"precious"

    return check


@fault("E.2.1.19", causes=Cause.MISMATCH, left=(".rejected",))
def link_in_the_place_of_the_rejected(case: Case) -> Check:
    """A symbolic link to an outside folder has the name of the folder for refused files."""
    case.got.mkdir()
    (case.folder / "victim").mkdir()
    (case.got / ".rejected").symlink_to(case.folder / "victim")
    case.routes |= {f"/{A}": wheel(seed=1), f"/{A}.sha256": hash_file(wheel())}

    def check(done: Done) -> None:
        assert not any((case.folder / "victim").iterdir())

    return check


@fault("E.2.1.14", causes=(Cause.INVALID_NAME,) * 1000, left=(A,))
def name_with_a_million_tags(case: Case) -> None:
    """Compressed tags of 255 bytes that expand to half a million, in 1000 links."""
    tags = "-".join([".".join("a" * 40)] * 3)
    case.list(*(link(f"demo-{n}-{tags}.whl") for n in range(1000)))


@fault("E.2.1.6", "E.2.1.13", causes=(Cause.UNSAFE_NAME,) * 3, left=())
def names_are_refused_on_upload(case: Case) -> Check:
    """An upload of a reserved name and of two names differing in case only."""
    case.command = [
        *("upload", "--hashfile", "--provider-name", "LOCAL", "--username", "store"),
        *("--secret", "none", "--local-folder", "dist", "wheels"),
    ]
    for folder in ("dist", "store"):
        (case.folder / folder).mkdir()
    for name in (A, A.replace("demo", "DEMO"), B, "nul.x-1.0-py3-none-any.whl"):
        (case.folder / "dist" / name).write_bytes(wheel())

    def check(done: Done) -> None:
        there = {path.name for path in (case.folder / "store" / "wheels").glob("*.whl")}
        assert there == {B}, there

    return check


@fault(
    "E.2.1.13",
    causes=Cause.UNSAFE_NAME,
    says=f"delete {A.replace('demo', 'Demo')} from the container, then upload it again",
)
def name_whose_case_changed(case: Case) -> None:
    """The container has the wheel under a name in another case, by an older build backend."""
    case.command = [
        *("upload", "--hashfile", "--provider-name", "LOCAL", "--username", "store"),
        *("--secret", "none", "--local-folder", "dist", "wheels"),
    ]
    for folder, name in (("dist", A), ("store/wheels", A.replace("demo", "Demo"))):
        (case.folder / folder).mkdir(parents=True)
        (case.folder / folder / name).write_bytes(wheel())


@fault("E.2.1.1", exit_code=2, says="'..' cannot be a part of a prefix")
def prefix_that_leaves_the_container(case: Case) -> None:
    """An upload with a prefix that would lead out of the container."""
    case.command = [
        *("upload", "--hashfile", "--provider-name", "LOCAL", "--username", "store"),
        *("--secret", "none", "--local-folder", "dist", "wheels/../other"),
    ]
    (case.folder / "dist").mkdir()
    (case.folder / "store").mkdir()
