/**
 * The player by keyboard, wherever on the page the focus is, unless it is where the key means something else:
 * space and k play and pause, arrows move by 5 s and change the volume, j and l move by 10 s, c shows subtitles, f fills
 * the screen, m mutes, < and > change the speed.
 *
 * @module
 */

const TYPING = "input, textarea, select, [contenteditable]";
const PRESSED = "a, button, summary, [role=button], media-play-button, media-mute-button, media-fullscreen-button, media-pip-button, media-seek-backward-button, media-chrome-menu-item, media-playback-rate-menu-button, media-captions-menu-button";
const SLIDING = "media-time-range, media-volume-range, media-chrome-menu-item, [role=menuitemradio], .transcript, progress";

/**
 * @param {HTMLVideoElement} video
 * @param {{speeds: number[], screen: () => HTMLElement, captions: () => void}} options
 */
export function listenToKeys(video, { speeds, screen, captions }) {
  /** @type {Record<string, () => void>} */
  const acts = {
    " ": () => (video.paused ? void video.play() : video.pause()),
    k: () => (video.paused ? void video.play() : video.pause()),
    ArrowLeft: () => move(video, -5),
    ArrowRight: () => move(video, 5),
    j: () => move(video, -10),
    l: () => move(video, 10),
    ArrowUp: () => (video.volume = Math.min(1, video.volume + 0.1)),
    ArrowDown: () => (video.volume = Math.max(0, video.volume - 0.1)),
    m: () => (video.muted = !video.muted),
    c: captions,
    f: () => fill(screen()),
    "<": () => (video.playbackRate = [...speeds].reverse().find((rate) => rate < video.playbackRate) ?? speeds[0]),
    ">": () => (video.playbackRate = speeds.find((rate) => rate > video.playbackRate) ?? video.playbackRate),
  };
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey) return;
    const act = acts[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    const target = /** @type {Element} */ (event.target);
    if (!act || target.closest(`${TYPING}, dialog`)) return;
    if (event.key === " " && target.closest(PRESSED)) return;
    if (event.key.startsWith("Arrow") && target.closest(SLIDING)) return;
    // Up and down scroll the page, unless the player has the focus.
    if (["ArrowUp", "ArrowDown"].includes(event.key) && !target.closest(".player")) return;
    event.preventDefault();
    act();
  });
}

/** @param {HTMLVideoElement} video @param {number} seconds */
function move(video, seconds) {
  video.currentTime = Math.max(0, Math.min(video.duration || 0, video.currentTime + seconds));
}

/** @param {HTMLElement} screen */
function fill(screen) {
  if (document.fullscreenElement) void document.exitFullscreen();
  else void screen.requestFullscreen?.();
}
