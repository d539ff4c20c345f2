/**
 * A lesson that is read: a page or a document. Its time counts while it is in view.
 *
 * @module
 */
import { showDocument } from "jinke/player/document.js";
import { tellRejections, tellTrouble } from "jinke/player/notices.js";
import { ReadingClock } from "jinke/player/reading.js";
import { Reporter } from "jinke/player/reporter.js";
import { showStanding } from "jinke/player/standing.js";
import { terms } from "jinke/player/terms.js";

const inView = () => document.visibilityState === "visible" && document.hasFocus();

/** Counts until the lesson is complete; reading it again afterwards must not stop a video somewhere else. */
function count() {
  const clock = new ReadingClock(terms, { inView });
  let completed = false;
  const reporter = new Reporter(terms, clock, () => clock.at, {
    standing(answer) {
      completed = answer.completed;
      showStanding(answer);
      tellRejections(answer.rejected ?? []);
    },
    trouble: (kind, sentence) => tellTrouble(kind, sentence, () => void reporter.start()),
  });
  let asked = 0;
  const timer = window.setInterval(() => {
    const reading = clock.look();
    if (completed) window.clearInterval(timer);
    // At first sight, and every half minute while the server could not be reached.
    else if (reading && !reporter.isOpen && !reporter.closed && performance.now() >= asked) {
      asked = performance.now() + 30_000;
      void reporter.start();
    } else if (reading) reporter.tick(clock.at >= terms.required_ms);
  }, 500);
  window.addEventListener("blur", () => reporter.beat());
  window.addEventListener("focus", () => {
    reporter.resume();
    if (reporter.closed === "superseded") void reporter.start();
  });
}

if (terms.counts && !terms.completed) count();
void showDocument();
