"""Chromium without a window, controlled by the DevTools protocol over two pipes.

Source: https://chromedevtools.github.io/devtools-protocol/
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from typing import Any

#: Maximum seconds for one message.
PATIENCE = 240

#: The descriptors that Chromium reads commands from and writes messages to.
_READS, _WRITES = 3, 4


class Browser:
    """One page in Chromium.

    :param commands: the descriptor to write commands to.
    :param messages: the descriptor to read messages from.
    """

    def __init__(self, commands: int, messages: int) -> None:
        self._commands = commands
        self._messages = os.fdopen(messages, "rb")
        self._numbers = itertools.count(1)
        self._session = ""
        #: The events so far: names and parameters.
        self.events: list[tuple[str, dict[str, Any]]] = []

    def call(self, method: str, **parameters: object) -> dict[str, Any]:
        """Call a method of the protocol and return its result."""
        number = next(self._numbers)
        message: dict[str, object] = {"id": number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._commands, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._message()
            if answer.get("id") == number:
                assert "error" not in answer, (method, answer["error"])
                result: dict[str, Any] = answer["result"]
                return result

    def _message(self) -> dict[str, Any]:
        text = bytearray()
        while (byte := self._messages.read(1)) != b"\0":
            assert byte, "Chromium has ended"
            text += byte
        message: dict[str, Any] = json.loads(text)
        if "method" in message:
            self.events.append((message["method"], message["params"]))
        return message

    def close(self) -> None:
        """Close the pipe that messages come from."""
        self._messages.close()

    def open(self, page: pathlib.Path) -> None:
        """Open a file and wait until it is loaded."""
        self.visit(page.as_uri())

    def visit(self, url: str) -> None:
        """Open an address, of a file or on loopback, and wait until it is loaded."""
        if not self._session:
            target = self.call("Target.createTarget", url="about:blank")["targetId"]
            attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
            self._session = attached["sessionId"]
            for domain in ("Page", "Network", "Log", "Runtime", "Accessibility"):
                self.call(f"{domain}.enable")
        self.events.clear()
        self.call("Page.navigate", url=url)
        while not any(name == "Page.loadEventFired" for name, _ in self.events):
            self._message()

    def evaluate(self, expression: str) -> Any:
        """Return the value of an expression in the page, from outside of its scripts."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def size(self, width: int, height: int) -> None:
        """Give the window a size in pixels."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.call("Emulation.setDeviceMetricsOverride", **size)

    def prefer(self, **features: str) -> None:
        """Set media features, such as ``prefers_color_scheme``; without any, reset them all."""
        named = [{"name": k.replace("_", "-"), "value": v} for k, v in features.items()]
        self.call("Emulation.setEmulatedMedia", features=named)

    def of_kind(self, *names: str) -> list[dict[str, Any]]:
        """Return the parameters of all events of some kinds."""
        return [parameters for name, parameters in self.events if name in names]


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """Run Chromium; it has no profile and no network."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    assert program, "install Chromium: apt-get install chromium"
    reads, commands = os.pipe()
    messages, writes = os.pipe()
    with tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True) as profile:
        command = [
            program,
            *("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
            *("--hide-scrollbars", "--remote-debugging-pipe", f"--user-data-dir={profile}"),
            *("--proxy-server=127.0.0.1:9", "--no-first-run", "--disable-component-update"),
        ]
        # The shell gives it the descriptors, so that this process can have others there.
        shell = f'exec "$@" {_READS}<&{reads} {_WRITES}>&{writes}'
        process = subprocess.Popen(
            ["bash", "-c", shell, "bash", *command],
            pass_fds=(reads, writes),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(reads)
        os.close(writes)
        browser = Browser(commands, messages)
        try:
            yield browser
        finally:
            os.close(commands)
            browser.close()
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
