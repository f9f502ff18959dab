// Keeps one signed release of the app on this device and serves the app from it, with and without
// a network. What it has not verified is neither kept nor served. See docs/web.md, and for what
// this cannot do docs/threat-model.md.
//
// It is registered twice: with the scope `/` by the staff app and with `/p` by the participant's
// page, and each fetches only its own files.

// The release key, as hex: the build writes it here.
const KEY = "{{release-key}}";
const TAG = "folge-web-release-1\n";
const FORMAT = 1;
const CHECK_MILLISECONDS = 15 * 60 * 1000;

const PART = new URL(self.registration.scope).pathname === "/p" ? "participant" : "staff";
const PAGES = { "/": "/index.html", "/i": "/index.html", "/p": "/p.html" };
const PREFIX = `folge-${PART}-`;
const STATE = `${PREFIX}state-1`;
// Of the host's own headers these are kept; the rest says nothing in a cache.
const HEADERS = [
  "content-security-policy",
  "cross-origin-opener-policy",
  "cross-origin-resource-policy",
  "permissions-policy",
  "referrer-policy",
  "x-content-type-options",
];

/** What the host offers is no release that may be used. */
class Refused extends Error {}
/** The host could not be asked, or not just now. */
class Unreachable extends Error {}

// The state: `current`, `ready` and `previous`, each `{ sequence, digest, cache }` or nothing;
// `refused`, and when it was last `checked`.
async function state() {
  const hit = await (await caches.open(STATE)).match("/state");
  return hit ? hit.json() : {};
}
async function keep(change) {
  const next = { ...(await state()), ...change };
  await (await caches.open(STATE)).put("/state", new Response(JSON.stringify(next)));
  return next;
}

const hex = (buffer) =>
  Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");
const bytes = (text) => {
  if (typeof text !== "string" || !/^([0-9a-f]{2})+$/.test(text)) throw new Refused("hex");
  return Uint8Array.from(text.match(/../g), (pair) => parseInt(pair, 16));
};
const sha256 = async (buffer) => hex(await crypto.subtle.digest("SHA-256", buffer));
const utf8 = (text) => new TextEncoder().encode(text);

async function ask(path, cache) {
  const response = await fetch(path, { cache, credentials: "omit", redirect: "error" }).catch(() => {
    throw new Unreachable(path);
  });
  // A host that is overloaded or in repair tells nothing about its release.
  if (response.status >= 500 || response.status === 429) throw new Unreachable(path);
  if (!response.ok) throw new Refused(`missing: ${path}`);
  const body = await response.arrayBuffer().catch(() => {
    throw new Unreachable(path);
  });
  return { response, body };
}

/** The release that the host offers, if its signature holds. */
async function offered() {
  const { body } = await ask("/release.json", "no-store");
  let outer;
  try {
    outer = JSON.parse(new TextDecoder().decode(body));
  } catch {
    throw new Refused("not JSON");
  }
  const signed = String(outer?.signed);
  const key = await crypto.subtle.importKey("raw", bytes(KEY), "Ed25519", false, ["verify"]);
  const signature = bytes(outer?.signature);
  if (!(await crypto.subtle.verify("Ed25519", key, signature, utf8(TAG + signed)))) {
    throw new Refused("signature");
  }
  const release = JSON.parse(signed);
  if (release.format !== FORMAT) throw new Refused("format");
  const digest = await sha256(utf8(signed));
  const cache = `${PREFIX}${release.sequence}-${digest.slice(0, 16)}`;
  return { release, standing: { sequence: release.sequence, digest, cache } };
}

/** One file, exactly as the release names it. */
async function verified(entry) {
  const attempt = async (mode) => {
    const { response, body } = await ask(entry.path, mode);
    const right = body.byteLength === entry.bytes && (await sha256(body)) === entry.sha256;
    return right ? { response, body } : null;
  };
  // Hashed names may come from the browser's own cache, but not twice.
  const hashed = entry.path.startsWith("/a/");
  const found = (hashed && (await attempt("default"))) || (await attempt("reload"));
  if (!found) throw new Refused(`changed: ${entry.path}`);
  const headers = new Headers({ "content-type": entry.type });
  for (const name of HEADERS) {
    const value = found.response.headers.get(name);
    if (value) headers.set(name, value);
  }
  return new Response(found.body, { headers });
}

/** Fetches a release whole; leaves nothing of one that fails. */
async function fetchWhole({ release, standing }) {
  const cache = await caches.open(standing.cache);
  try {
    for (const entry of release.files) {
      if (entry.parts.includes(PART)) await cache.put(entry.path, await verified(entry));
    }
    await cache.put("/release", new Response(JSON.stringify(release)));
  } catch (error) {
    await caches.delete(standing.cache);
    throw error;
  }
}

let checking = null;
/** Looks for a newer release, one look at a time. Resolves to what pages are told. */
function check() {
  checking ??= look().finally(() => (checking = null));
  return checking;
}
async function look() {
  const { current, ready } = await keep({ checked: Date.now() });
  let update = "none";
  try {
    const offer = await offered();
    const newest = ready ?? current;
    if (newest && offer.standing.digest !== newest.digest) {
      if (offer.standing.sequence <= newest.sequence) throw new Refused("older");
      await fetchWhole(offer);
      await keep({ ready: offer.standing });
      if (ready) await caches.delete(ready.cache);
    }
    await keep({ refused: false });
    if ((await state()).ready) update = "ready";
  } catch (error) {
    if (error instanceof Unreachable) return "unreachable";
    // Storage may be full, or the manifest malformed: what is here stays, and it is said.
    console.warn(`folge: release refused (${error.message})`);
    await keep({ refused: true });
    update = "refused";
  }
  if (update !== "none") await tell({ update });
  return update;
}

async function tell(message) {
  for (const client of await self.clients.matchAll({ includeUncontrolled: true })) {
    client.postMessage(message);
  }
}

/** Makes the release that is ready the current one. Pages that are open may still load the old. */
async function use() {
  const { current, ready } = await state();
  if (!ready) return false;
  await keep({ current: ready, previous: current, ready: null });
  return true;
}

/** At the start of a page while none is open: the newest release, and nothing of older ones. */
async function fresh() {
  const open = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const ours = open.filter(({ url }) => new URL(url).href.startsWith(self.registration.scope));
  if (ours.length > 0) return;
  await use();
  const { current } = await state();
  for (const name of await caches.keys()) {
    const old = name.startsWith(PREFIX) && name !== STATE && name !== current?.cache;
    // One that is being fetched just now is not old.
    if (old && !checking) await caches.delete(name);
  }
  await keep({ previous: null });
}

/** The first release: the one that the host offers, for there is none to compare it with. */
async function install() {
  if ((await state()).current) return;
  const offer = await offered();
  await fetchWhole(offer);
  await keep({ current: offer.standing, checked: Date.now() });
}

async function serve(event, path) {
  const isPage = event.request.mode === "navigate";
  if (isPage) await fresh();
  let kept = await state();
  if (!kept.current) {
    await install();
    kept = await state();
  }
  if (isPage && !(Math.abs(Date.now() - (kept.checked ?? 0)) < CHECK_MILLISECONDS)) {
    event.waitUntil(check());
  }
  const name = PAGES[path] ?? path;
  for (const standing of [kept.current, kept.previous]) {
    if (!standing) continue;
    const cache = await caches.open(standing.cache);
    const hit = await cache.match(name);
    if (hit) return hit;
    // Of the other part's files: fetched when asked for, and verified all the same.
    const release = await (await cache.match("/release"))?.json();
    const entry = release?.files.find((file) => file.path === name);
    if (!entry) continue;
    const response = await verified(entry);
    await cache.put(name, response.clone());
    return response;
  }
  return new Response("not in this release\n", { status: 404 });
}

self.addEventListener("install", (event) => event.waitUntil(install()));
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== self.location.origin) return;
  // The relay's own paths are the programs' to fetch; nothing there is a page or a script.
  if (url.pathname.startsWith("/v1/") && request.destination === "") return;
  event.respondWith(
    serve(event, url.pathname).catch(
      () => new Response("Ikke tilgjengelig nå. / Not available now.\n", { status: 503 }),
    ),
  );
});

self.addEventListener("message", (event) => {
  const answer = async () => {
    const say = (update) => event.source?.postMessage({ update });
    if (event.data === "check") say(await check());
    if (event.data === "use" && (await use())) say("used");
    if (event.data === "hello") {
      const { ready, refused } = await state();
      if (ready || refused) say(ready ? "ready" : "refused");
    }
  };
  event.waitUntil(answer());
});
