"""Secrets in texts: the forms in which they may be quoted, and their mask."""

from __future__ import annotations

from collections.abc import Iterable

#: Replaces a secret wherever it would be shown.
MASK = "***"

#: Minimum length of a secret that is masked in any output, in characters.  A shorter one
#: (a port, ``none``) may be part of other words.
_MASKED_LENGTH = 6


def forms_of(secrets: Iterable[str], shortest: int = _MASKED_LENGTH) -> tuple[str, ...]:
    """Return the forms in which errors, stores and reports may quote secrets.

    The longest ones come first, because one may be part of another.

    :param secrets: the secrets.
    :param shortest: the minimum length of a secret in characters; shorter ones are ignored.
    """
    found: set[str] = set()
    for secret in secrets:
        if len(secret) >= shortest:
            found.update(_forms(secret))
    return tuple(sorted(found, key=len, reverse=True))


def _forms(secret: str) -> Iterable[str]:
    import base64
    import html
    import json
    from urllib.parse import quote, quote_plus

    encoded = secret.encode("utf-8", "surrogatepass")
    return (
        secret,
        repr(secret)[1:-1],
        json.dumps(secret)[1:-1],
        html.escape(secret),
        html.escape(secret, quote=False),
        encoded.decode("latin-1"),
        quote(encoded),
        quote(encoded, safe=""),
        quote_plus(encoded),
        base64.b64encode(encoded).decode(),
    )


def mask(forms: Iterable[str], text: str) -> str:
    """Return a text with all secrets masked.

    :param forms: as :func:`forms_of` returns them.
    :param text: any text.
    """
    for form in forms:
        text = text.replace(form, MASK)
    return text
