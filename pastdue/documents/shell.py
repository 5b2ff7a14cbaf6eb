"""What stands around a sealed page: the same for everybody, without a word about the customer. It opens the page, or says whom to ask."""

import base64
import hashlib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib.resources import files
from types import SimpleNamespace

from markupsafe import Markup

from pastdue.documents import site
from pastdue.findings import Finding, error

TEMPLATE = "sealed.html"

# The counterpart of sealing.py in the browser; as a part of the program it is loaded with the module.
SCRIPT = (files("pastdue.documents") / "sealed.js").read_text(encoding="utf-8").strip()


def policy(of_pages: str) -> str:
    """The pages' policy, which lets no script run, but for this one, known by its hash."""
    digest = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()
    return f"{of_pages}; script-src 'sha256-{digest}'"


def shell(
    templates: Mapping[str, str], policy: str, told: Sequence[SimpleNamespace], business: SimpleNamespace
) -> Callable[[str, str], bytes]:
    """What makes a page of its address and what is sealed for it; `told` has its sentences, a language each."""
    template = site.compiled(templates).get_template(TEMPLATE)
    script = Markup(SCRIPT)  # noqa: S704 -- our own file
    render = partial(template.render, policy=policy, script=script, told=told, business=business)
    return lambda address, sealed: site.encoded(render(address=address, sealed=sealed))


def check(sample: Callable[[], bytes]) -> list[Finding]:
    """What is wrong with the template: the sample does not render, or no browser would open it."""
    made: list[bytes] = []
    found = site.trial(TEMPLATE, lambda: made.append(sample()))
    if made and f"<script>{SCRIPT}</script>".encode() not in made[0]:
        hint = "Keep `<script>{{ script }}</script>` as it is shipped: the page's policy lets no other run."
        found.append(error(f"{site.FOLDER}/{TEMPLATE}", "the script that opens the page is not in it", hint))
    return found
