"""Where a provider's key comes from: the session's own, the environment, or the system's keyring.

    key_of("openai", session=None)       # a SecretStr, or None

A key is handed to the provider's client as a secret and is nowhere else: not in settings, not in the database, not in a
log, a report or an error. ``keyring`` is used where that package is installed::

    keyring set mock-interviewer OPENAI_API_KEY
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import SecretStr

__all__ = ["KEY_NAMES", "key_of", "key_source"]

SERVICE = "mock-interviewer"
KEY_NAMES = {
    "openai": "OPENAI_API_KEY",
    "anthropic": "ANTHROPIC_API_KEY",
    "google_genai": "GOOGLE_API_KEY",
    "mistralai": "MISTRAL_API_KEY",
    "groq": "GROQ_API_KEY",
    "deepseek": "DEEPSEEK_API_KEY",
    "xai": "XAI_API_KEY",
}


def key_of(provider: str, session: str | None = None) -> SecretStr | None:
    """A provider's key; None if there is none, or if the provider's own client finds it another way."""
    from pydantic import SecretStr

    if session:
        return SecretStr(session)
    name = KEY_NAMES.get(provider)
    if name is None:
        return None
    found = os.environ.get(name) or _from_keyring(name)
    return SecretStr(found) if found else None


def key_source(provider: str) -> str:
    """Where a provider's key is, in words; never the key."""
    name = KEY_NAMES.get(provider, "")
    if os.environ.get(name):
        return f"{name} is set"
    return f"{name} is in the keyring" if name and _from_keyring(name) else f"no {name or 'key'}"


def _from_keyring(name: str) -> str | None:
    """What the system's keyring holds, if the package is there and a keyring works."""
    try:
        import keyring  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        return None
    try:
        found = keyring.get_password(SERVICE, name)
    except Exception:  # a machine without a keyring service raises what its backend likes
        return None
    return found or None
