// Shows what the last build said, and has the page that is looked at read again when there was one.
"use strict";

const state = document.getElementById("state");
const findings = document.getElementById("findings");
const page = document.getElementById("page");

function show(news) {
  state.textContent = news.said;
  state.className = news.stopped ? "stopped" : "";
  const list = findings.querySelector("ol");
  list.replaceChildren(...news.findings.map((finding) => {
    const line = document.createElement("li");
    line.className = finding.severity;
    const [place, kind, hint] = ["b", "i", "small"].map((name) => document.createElement(name));
    place.textContent = finding.place;
    kind.textContent = finding.severity;
    hint.textContent = finding.hint;
    line.append(place, ": ", kind, ": ", finding.message, hint);
    return line;
  }));
  findings.querySelector("summary").textContent = news.summary;
  findings.hidden = !news.findings.length;
  if (news.stopped) findings.open = true;
}

async function look(after) {
  try {
    const answer = await fetch(`/-/news?after=${after}`);
    const news = await answer.json();
    if (news.version > after) {
      show(news);
      if (!news.stopped) page.contentWindow.location.reload();
    }
    look(news.version);
  } catch {
    state.textContent = "The preview has ended.";
    state.className = "stopped";
    setTimeout(look, 2000, 0);
  }
}

look(0);
