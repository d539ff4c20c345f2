/**
 * Whether the person of this page is still logged in. They may have logged in again in another window: then the page
 * takes over the new session's token and goes on.
 *
 * @module
 */

/**
 * @param {{user: number, urls: {progress: string}}} terms
 * @returns {Promise<boolean>}  false also when somebody else is logged in now
 */
export async function renewSession(terms) {
  try {
    const answer = await fetch(terms.urls.progress, { headers: { Accept: "application/json" } });
    const token = answer.headers.get("X-CSRFToken");
    if (!answer.ok || !token || (await answer.json()).user_id !== terms.user) return false;
    document.querySelector("meta[name=csrf-token]")?.setAttribute("content", token);
    return true;
  } catch {
    return false;
  }
}
