/**
 * Links to media expire, and lines drop. When the film stops loading, a fresh link is fetched and the film goes on where
 * it stood.
 *
 * @module
 */
import { api } from "jinke/api.js";
import { notify } from "jinke/player/notices.js";
import { say, terms } from "jinke/player/terms.js";

const LEAST_APART = 30_000;

/** @param {HTMLVideoElement} video @param {() => string | undefined} stream */
export function keepMedia(video, stream) {
  let place = 0;
  let playing = false;
  let last = -LEAST_APART;
  video.addEventListener("timeupdate", () => {
    if (!video.error) [place, playing] = [video.currentTime, !video.paused];
  });

  async function reload() {
    last = performance.now();
    try {
      const answer = await api(`${terms.urls.progress}?stream=${stream() ?? ""}`);
      video.src = answer.media_url;
      video.addEventListener("loadedmetadata", () => (video.currentTime = place), { once: true });
      video.load();
      if (playing) await video.play();
    } catch {
      lost();
    }
  }

  const lost = () => notify("media_lost", say("media_lost"), "warn", { label: say("again"), act: again });
  const again = () => (terms.counts ? void reload() : location.reload());

  video.addEventListener("error", () => {
    if (terms.counts && performance.now() - last > LEAST_APART) void reload();
    else lost();
  });
}
