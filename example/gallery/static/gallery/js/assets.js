// A custom header makes the browser ask for permission first, by OPTIONS.
const PREFLIGHTED = { "X-Demo": "1" };

/** Ask for a file as a script of another origin does: through CORS, past the browser's cache. */
export async function ask(url, { preflight }) {
  const response = await fetch(url, {
    mode: "cors",
    cache: "no-store",
    credentials: "omit",
    headers: preflight ? PREFLIGHTED : {},
    signal: AbortSignal.timeout(15_000),
  });
  await response.arrayBuffer();
  return {
    status: String(response.status),
    // Of another origin, null also when the server does not expose the header.
    xCache: response.headers.get("X-Cache") ?? "–",
    age: response.headers.get("Age") ?? "–",
  };
}

/** What the CDN answers to the page's own server. It passes this browser's cookies on. */
export async function askTheSite(path) {
  const response = await fetch(path, { cache: "no-store" });
  if (!response.ok) throw new Error(`the site answered ${response.status}`);
  return response.json();
}

/** The build a URL belongs to: its first folder, on the host for static files. */
export function buildOf(url, { tree }) {
  const { origin, pathname } = new URL(url, location.href);
  const versioned = tree === "static" && origin !== location.origin;
  return versioned ? pathname.split("/")[1] : "–";
}
