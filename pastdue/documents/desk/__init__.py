"""The desk: the operator's morning on one page. What goes out, whom to call, what waits, what is wrong, and how the money comes.

Beside it lie the notices to look at (`previews`) and a page for each account (`timelines`).
"""

from pastdue.documents.desk.morning import LANGUAGE, PATH, TEMPLATE, Morning
from pastdue.documents.desk.page import desk
from pastdue.documents.desk.samples import check
from pastdue.documents.desk.words import link

__all__ = ["LANGUAGE", "PATH", "TEMPLATE", "Morning", "check", "desk", "link"]
