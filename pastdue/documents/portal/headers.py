"""What browsers and hosts are told about every page: what it may load, where its forms may go, that nobody is to find it."""

from urllib.parse import urlsplit

from pastdue.config import Config
from pastdue.documents import shell

_HEADERS = """/*
  Content-Security-Policy: {policy}; frame-ancestors 'none'
  Referrer-Policy: no-referrer
  X-Content-Type-Options: nosniff
  X-Frame-Options: DENY
  X-Robots-Tag: noindex, nofollow, noarchive
  Cache-Control: private, no-cache
"""


def policy(config: Config) -> str:
    """The content policy that every page carries itself, for hosts that send no headers."""
    return (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; "
        f"form-action {_origin(config.portal.form)}"
    )


def _origin(address: str) -> str:
    """Scheme and host of an address, as a policy names it."""
    to = urlsplit(address)
    return f"{to.scheme}://{to.netloc}" if address else "'none'"


def headers(config: Config) -> str:
    """The same for hosts that read `_headers`, with what only a header can say."""
    of_pages = policy(config)
    return _HEADERS.format(policy=shell.policy(of_pages) if config.portal.sealed else of_pages)
