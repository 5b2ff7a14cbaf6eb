"""Seals a customer's page: what lies on the host is ciphertext, and its key stands in the page's link and nowhere else.

A sealed page is the base64 of a nonce (12 bytes) and what AES-256-GCM makes of the page (its tag last), authenticated
together with the page's address. docs/portal.md describes the format for whoever opens a page by other means.
"""

import base64
import hashlib
import hmac

_NONCE = 12  # bytes
_STEP = 8 * 1024  # bytes: all that the size of a sealed page tells is which multiple of it the page fits into,
_LEAST = 3 * _STEP  # and nearly every page, whether it asks for money or says thank you, fits into this


def key(portal_key: bytes, account_id: str, rotation: int = 0) -> bytes:
    """The key of one account's page, 32 bytes: nobody can work it out from the page's address, or from another key."""
    if len(portal_key) < 16:
        raise ValueError("the portal's key needs 16 bytes or more")
    said = b"\0".join((b"seal", account_id.encode(), str(rotation).encode()))
    return hmac.digest(portal_key, said, hashlib.sha256)


def fragment(key: bytes) -> str:
    """The end of the link that opens the page: browsers keep what follows the # to themselves.

    Of 32 bytes the last character is a letter or a digit, so that no mail program takes it for punctuation.
    """
    return f"#k={base64.urlsafe_b64encode(key).decode().rstrip('=')}"


def sealed(key: bytes, address: str, html: bytes) -> str:
    """The page as it is published: the same for the same page and key, and without either of them no part of it."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    size = max(_LEAST, -(-len(html) // _STEP) * _STEP)
    content, about = html.ljust(size), address.encode()
    # From the content itself (as in SIV modes): equal pages give equal bytes, and different ones never share a nonce.
    nonce = hmac.digest(key, b"\0".join((b"nonce", about, content)), hashlib.sha256)[:_NONCE]
    return base64.b64encode(nonce + AESGCM(key).encrypt(nonce, content, about)).decode()
