"""Access to a store: libcloud's provider, credentials and driver arguments."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import libcloud.security
from libcloud.common.types import InvalidCredsError
from libcloud.storage.providers import DRIVERS, get_driver
from libcloud.storage.types import Provider

from wheelhouse_hashes.errors import UsageError
from wheelhouse_hashes.masking import forms_of, mask
from wheelhouse_hashes.options import StoreOptions
from wheelhouse_hashes.stores.object_headers import (
    KEYS,
    OBJECT_HEADER,
    PAGE_HEADER,
    read_headers,
)
from wheelhouse_hashes.suggestions import must_be_one_of, resembling

if TYPE_CHECKING:
    from libcloud.storage.base import StorageDriver

#: Arguments that the host's own options set, or that are not for users.
_NOT_OPTIONS = frozenset(
    {"self", "args", "kwargs", "key", "secret", "region", "ex_use_locking", "ex_auth_cache"}
)

#: Arguments that drivers accept without naming them.
_EVERY_DRIVER = frozenset({"timeout", "retry_delay", "backoff", "proxy_url"})
_S3_FAMILY = frozenset({"signature_version"})

#: Names that messages may quote, even for drivers that do not accept them.
_ANY_DRIVER = _NOT_OPTIONS | _EVERY_DRIVER | _S3_FAMILY


def _switch(text: str) -> bool:
    words = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
    if text.lower() not in words:
        raise ValueError(text)
    return words[text.lower()]


#: Converters for arguments that libcloud does not take as text.  The key decides, not
#: the form of the value: ``1.0`` is a number as a timeout, but text as a version.
_READERS: dict[str, Callable[[str], Any]] = {
    "secure": _switch,
    "use_internal_url": _switch,
    "port": int,
    "timeout": float,
    "retry_delay": float,
    "backoff": float,
}


_KINDS = {_switch: "true or false", int: "a whole number", float: "a number"}

#: Minimum length of a value that is masked in the errors of a store, in characters.  These
#: quote the request, so a secret is likelier there than a word with the same letters.
_SHORTEST_SECRET = 4

#: The user and password in a URL, as quoted by errors about proxies.
_PASSWORD = re.compile("//.*@")


@dataclass(frozen=True)
class Account:
    """An account at a store, with its provider and driver options.

    White space around the username and the secret is stripped: a secret pasted into a
    CI service often ends with a line feed, which no store accepts.

    :param provider_name: the name of a libcloud storage provider.
    :param username: the account; for LOCAL, the folder that contains the containers.
    :param secret: the secret key.
    :param region: the region, None if the user set none.
    :param driver_options: further arguments of the driver, each ``KEY=VALUE``.
    """

    provider_name: str
    username: str = field(repr=False)
    secret: str = field(repr=False)
    region: str | None = None
    driver_options: tuple[str, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        for name in ("username", "secret"):
            object.__setattr__(self, name, getattr(self, name).strip())
        options = tuple(option.strip() for option in self.driver_options)
        object.__setattr__(self, "driver_options", options)

    @property
    def default_hint(self) -> str:
        """A hint for errors of a store that users may not have chosen."""
        default = StoreOptions.provider_name
        if self.provider_name == default:
            return f"; {default} is the default provider: choose another one with --provider-name"
        if self.provider_name == "OPENSTACK_SWIFT" and not any(
            option.startswith("ex_force_auth_url=") for option in self.driver_options
        ):
            return "; name the server with --driver-option ex_force_auth_url=URL"
        return ""

    def masked(self, text: str) -> str:
        """Return a text with the secrets of this account masked, in any encoding."""
        return mask(self._secrets, text)

    @functools.cached_property
    def _secrets(self) -> tuple[str, ...]:
        values = [option.partition("=")[2].strip() for option in self.driver_options]
        return forms_of((self.secret, *values), _SHORTEST_SECRET)

    def make_driver(self) -> StorageDriver:
        """Return a new driver; drivers are not safe to share between threads.

        :raises UsageError: if the provider does not exist, or does not accept the
            arguments.
        :raises OSError: if the driver connects immediately, and fails.
        :raises libcloud.common.types.InvalidCredsError: if the driver connects
            immediately, and the store rejects the secret.
        """
        driver_class = self.driver_class()
        arguments = self._driver_arguments(driver_class)
        self._refuse_browser(driver_class)
        if self.provider_name == "LOCAL":
            # Its locks do not exclude threads, and lock files are never removed.
            # LocalStore needs none.
            arguments["ex_use_locking"] = False
        try:
            driver: StorageDriver = driver_class(self.username, self.secret, **arguments)
        except (OSError, InvalidCredsError):
            raise  # from a driver that requests a token immediately
        except Exception as error:  # noqa: BLE001 (each driver raises different types)
            text = self.masked(one_line(error)) + self._region_hint(driver_class)
            raise UsageError(f"provider {self.provider_name}: {text}{self.default_hint}") from None
        return driver

    def _refuse_browser(self, driver_class: type[StorageDriver]) -> None:
        """Refuse users of Google for whom libcloud would wait for a login in a browser."""
        if "GoogleStorageDriver" not in {base.__name__ for base in driver_class.__mro__}:
            return
        from libcloud.common.google import GoogleAuthType

        guessed = GoogleAuthType.guess_type(self.username)  # type: ignore[no-untyped-call]
        if guessed == GoogleAuthType.IA:
            raise UsageError(
                "--username: provider GOOGLE_STORAGE needs an interoperability key (GOOG...) or "
                "the e-mail address of a service account"
            )

    def _region_hint(self, driver_class: type[StorageDriver]) -> str:
        """Return a hint for a region that libcloud does not know, empty for any other error."""
        list_regions = getattr(driver_class, "list_regions", None)
        names = {base.__name__ for base in driver_class.__mro__}
        if not (self.region and list_regions and "S3StorageDriver" in names):
            return ""
        if self.region in list_regions():
            return ""
        host = f"host=s3.{self.region}.amazonaws.com"
        return (
            f"; libcloud does not know this region: use --provider-name S3_RGW --region "
            f"{self.region} --driver-option signature_version=4 --driver-option {host}"
        )

    def object_headers(self, media_type: str) -> dict[str, str]:
        """Return the headers that the user adds to objects of a media type.

        :raises UsageError: if one is malformed, or set by uploads.
        """
        headers = read_headers(self.driver_options, OBJECT_HEADER)
        if media_type.startswith("text/html"):
            headers |= read_headers(self.driver_options, PAGE_HEADER)
        return headers

    def check(self) -> None:
        """Check the provider and the arguments, without a request.

        :raises UsageError: if the provider does not exist, or does not accept the
            arguments.
        """
        self._driver_arguments(self.driver_class())
        self.object_headers("text/html")

    def _driver_arguments(self, driver_class: type[StorageDriver]) -> dict[str, Any]:
        arguments = self._read_options(driver_class)
        if self.region is not None:
            if "region" not in _arguments(driver_class):
                raise UsageError(f"--region: not supported by provider {self.provider_name}")
            arguments["region"] = self.region
        return arguments

    def driver_class(self) -> type[StorageDriver]:
        """Return the class of the provider's driver.

        :raises UsageError: if the provider does not exist.
        """
        provider = getattr(Provider, self.provider_name, None)
        if provider is None or not self.provider_name.isupper():
            # Provider also has the names of discontinued stores.
            known = (n for n, value in vars(Provider).items() if n.isupper() and value in DRIVERS)
            expected = must_be_one_of(self.provider_name, sorted(known))
            raise UsageError(f"--provider-name {self.provider_name!r}: {expected}")
        try:
            return get_driver(provider)
        except Exception as error:  # noqa: BLE001 (discontinued stores)
            raise UsageError(f"provider {self.provider_name}: {one_line(error)}") from None

    def _read_options(self, driver_class: type[StorageDriver]) -> dict[str, Any]:
        known = known_options(driver_class)
        arguments = {}
        for option in self.driver_options:
            key, _, text = option.partition("=")
            if key in KEYS and self.provider_name != "LOCAL":
                continue  # not for the driver
            if key not in known:
                # libcloud would silently ignore a misspelled key.
                ours = () if self.provider_name == "LOCAL" else KEYS
                names = ", ".join(sorted({*known, *ours}))
                # Text that does not resemble a key, or has capitals, may be part of a secret.
                all_keys = known.union(_ANY_DRIVER, KEYS) if key.islower() else ()
                resembles = resembling(key, all_keys)
                shown = f" {key}" if resembles else ""
                meant = f"; did you mean {resembles}?" if resembles in {*known, *ours} else ""
                raise UsageError(
                    f"--driver-option{shown}: unknown key; provider {self.provider_name} "
                    f"accepts {names}{meant}"
                )
            try:
                arguments[key] = _READERS.get(key, str)(text.strip())
            except ValueError:
                wanted = _KINDS[_READERS[key]]
                raise UsageError(f"--driver-option {key}: must be {wanted}") from None
        return arguments


def known_options(driver_class: type[StorageDriver]) -> frozenset[str]:
    """Return the ``--driver-option`` keys that a driver accepts.

    :param driver_class: a libcloud storage driver.
    """
    return _arguments(driver_class) - _NOT_OPTIONS


def _arguments(driver_class: type[StorageDriver]) -> frozenset[str]:
    """Return the names of the arguments that a driver accepts or passes to its base classes."""
    names: set[str] = set()
    for base in driver_class.__mro__:
        if base.__name__ == "BaseS3StorageDriver":
            names |= _S3_FAMILY
        if "__init__" not in vars(base):
            continue
        parameters = inspect.signature(vars(base)["__init__"]).parameters
        names |= set(parameters)
        if all(each.kind is not each.VAR_KEYWORD for each in parameters.values()):
            # Arguments that it does not name never reach its base classes.
            return frozenset(names)
    return frozenset(names | _EVERY_DRIVER)


def one_line(error: Exception) -> str:
    """Return the message of a libcloud error on one line, with passwords in URLs masked."""
    message = getattr(error, "value", None) or error
    text = _PASSWORD.sub("//***@", " ".join(str(message).split()))
    return text or type(error).__name__


def allow_unverified_tls() -> None:
    """Disable TLS verification in all of libcloud, as the host's ``--no-ssl-check`` does."""
    libcloud.security.VERIFY_SSL_CERT = False
