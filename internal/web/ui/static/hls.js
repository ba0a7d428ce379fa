// Times as the reader's own clock has them. The pages are whole without it.
"use strict";
for (const time of document.querySelectorAll("time[datetime]")) {
  const at = new Date(time.dateTime);
  if (!Number.isNaN(at.getTime())) {
    time.title = time.textContent;
    time.textContent = at.toLocaleString();
  }
}
document.documentElement.dataset.script = "ran";
