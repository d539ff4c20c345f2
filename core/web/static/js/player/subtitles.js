/**
 * Subtitles: shown or not as the person last chose, in the language they last chose.
 *
 * @module
 */

const CHOICE = "jinke.subtitles";

/** @param {HTMLVideoElement} video @returns {TextTrack[]} */
const tracksOf = (video) => [...video.textTracks].filter((track) => track.kind === "subtitles");

/** Shows the subtitles in the language of the transcript, or hides them. @param {HTMLVideoElement} video */
export function toggleCaptions(video) {
  const tracks = tracksOf(video);
  const shown = tracks.find((track) => track.mode === "showing");
  if (shown) {
    shown.mode = "disabled";
    return;
  }
  const language = document.getElementById("transcript")?.dataset.language;
  const track = tracks.find((other) => other.language === language) ?? tracks[0];
  if (track) track.mode = "showing";
}

/** @param {HTMLVideoElement} video */
export function rememberCaptions(video) {
  try {
    const chosen = localStorage.getItem(CHOICE);
    const track = chosen && tracksOf(video).find((other) => other.language === chosen);
    if (track) track.mode = "showing";
    video.textTracks.addEventListener("change", () => {
      localStorage.setItem(CHOICE, tracksOf(video).find((other) => other.mode === "showing")?.language ?? "");
    });
  } catch {
    // A browser that keeps nothing asks anew each time.
  }
}
