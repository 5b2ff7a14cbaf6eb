"""The customers' pages: one static page per account, at an address that only its customer knows.

addresses   where the pages lie, and what opens a sealed one
asked       what a page asks for, and its headline: what is owed and by when
charges     interest and fixed sums, and how they are worked out
history     what they told us, plans, payments, and what was sent
replies     what a customer may want to say, each with a line for the diary ready in it
account     one account's page;  `pages` the whole site;  `headers` what browsers and hosts are told of it
samples     are the templates sound?
"""

from pastdue.documents.portal.addresses import PUBLIC, address, opening, path, url
from pastdue.documents.portal.asked import reference_of
from pastdue.documents.portal.headers import policy
from pastdue.documents.portal.pages import pages
from pastdue.documents.portal.samples import check

__all__ = ["PUBLIC", "address", "check", "opening", "pages", "path", "policy", "reference_of", "url"]
