"""What the tests from end to end share."""

from collections.abc import Iterator

import pytest
from mailserver import MailServer, mail_server


@pytest.fixture
def server() -> Iterator[MailServer]:
    """A mail server that takes what comes, on this machine."""
    with mail_server() as running:
        yield running
