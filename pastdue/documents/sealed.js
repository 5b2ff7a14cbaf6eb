// Opens the page with the key from the link. The key stays here: nothing is fetched, nothing is sent.
{
  const sealed = document.getElementById("sealed");

  const say = (what) => {
    for (const line of document.querySelectorAll("[data-opening]")) line.textContent = line.dataset[what];
  };

  const bytes = (base64) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));

  const opened = async (code) => {
    const given = bytes(code.replaceAll("-", "+").replaceAll("_", "/"));
    const key = await crypto.subtle.importKey("raw", given, "AES-GCM", false, ["decrypt"]);
    const content = bytes(sealed.textContent);
    const how = {
      name: "AES-GCM",
      iv: content.subarray(0, 12),
      additionalData: new TextEncoder().encode(sealed.dataset.page),
    };
    return new TextDecoder().decode(await crypto.subtle.decrypt(how, key, content.subarray(12)));
  };

  // The stylesheet is there already and stays, so that nothing flickers; the page's own policy, under which no script runs, is added.
  const show = (html) => {
    const page = new DOMParser().parseFromString(html.trimEnd(), "text/html");
    for (const { name, value } of page.documentElement.attributes) document.documentElement.setAttribute(name, value);
    document.title = page.title;
    for (const node of [...page.head.children]) {
      if (![...document.head.children].some((there) => there.isEqualNode(node))) document.head.append(node);
    }
    document.body.replaceWith(page.body);
  };

  // A link within the page goes there and leaves the address as it is: without its key it would open no second time.
  const within = (event) => {
    const link = event.target.closest('a[href^="#"]');
    const goal = link && document.getElementById(link.hash.slice(1));
    if (!goal) return;
    event.preventDefault();
    goal.tabIndex = -1;
    goal.focus({ preventScroll: true });
    goal.scrollIntoView();
  };

  const start = async () => {
    const found = /^#k(?:=|%3D)([\w-]{43})(?![\w-])/i.exec(location.hash);
    if (!window.crypto?.subtle) return say("insecure");
    if (!found) return say("incomplete");
    say("opening");
    try {
      show(await opened(found[1]));
      document.addEventListener("click", within);
    } catch {
      say("incomplete");
    }
  };

  addEventListener("hashchange", () => location.reload());
  start();
}
