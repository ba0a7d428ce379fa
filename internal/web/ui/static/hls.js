// Times as the reader's own clock has them, in the page and in what comes to it later. The pages are whole without it.
"use strict";
function localize(part) {
  for (const time of part.querySelectorAll("time[datetime]:not([title])")) {
    const at = new Date(time.dateTime);
    if (!Number.isNaN(at.getTime())) {
      time.title = time.textContent;
      time.textContent = at.toLocaleString(undefined, {dateStyle: "short", timeStyle: "medium"});
    }
  }
}
localize(document);
document.addEventListener("htmx:sseMessage", (event) => localize(event.target));
document.addEventListener("htmx:sseOpen", () => { document.documentElement.dataset.live = "on"; });
document.addEventListener("htmx:sseError", () => { document.documentElement.dataset.live = "off"; });
document.documentElement.dataset.script = "ran";
