"""Where customers' pages lie: addresses that nobody can guess, and the keys that open sealed ones."""

import base64
import hashlib
import hmac
from urllib.parse import urlsplit

from pastdue.config import Config, Portal
from pastdue.documents import sealing

PUBLIC = "site/public"


def address(key: bytes, account_id: str, rotation: int = 0) -> str:
    """The folder name of an account's page: 160 bits that nobody can guess, the same wherever the key is the same.

    Another rotation gives this account, and no other, another address.
    """
    if len(key) < 16:
        raise ValueError("the portal's key needs 16 bytes or more")
    said = b"\0".join((b"portal", account_id.encode(), str(rotation).encode()))
    return base64.b32encode(hmac.digest(key, said, hashlib.sha256)[:20]).decode().lower()


def path(config: Config, key: bytes, account_id: str) -> str:
    """Where an account's page lies in the workspace."""
    return f"{PUBLIC}/{address(key, account_id, rotation(config, account_id))}/index.html"


def url(config: Config, key: bytes, account_id: str) -> str:
    """The link that notices carry; "" while the site is published nowhere, or was never built."""
    base = config.portal.base_url.rstrip("/")
    if not base or not key:
        return ""
    return f"{base}/{address(key, account_id, rotation(config, account_id))}/{opening(config, key, account_id)}"


def opening(config: Config, key: bytes, account_id: str) -> str:
    """The end of a link that opens the account's page: its key where pages are sealed, else ""."""
    if not config.portal.sealed:
        return ""
    return sealing.fragment(sealing.key(key, account_id, rotation(config, account_id)))


def rotation(config: Config, account_id: str) -> int:
    """How often the account's page has moved."""
    return config.portal.rotate.get(account_id, 0)


def site_path(portal: Portal) -> str:
    """The path of the site on its host; "" while it is published nowhere."""
    return urlsplit(portal.base_url).path.rstrip("/") + "/" if portal.base_url else ""
