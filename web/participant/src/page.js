// What only the browser can do for the participant's page: elements, storage, network, camera,
// dates in words. No rule and no text stands here. `tell(what, text, bytes)` is the program's ear;
// it is never called while the program calls something here.

// Before anything else: what the link says is nobody's who looks at the address or goes back.
let address = takeAddress();
function takeAddress() {
  const { origin, pathname, hash } = location;
  if (hash) history.replaceState(null, "", pathname);
  return hash ? `${origin}${pathname.replace(/\/$/, "")}${hash}` : "";
}

const HEARD = {
  lockHeld: 1, lockBusy: 2, lockLost: 3, opened: 4, noStorage: 5, saved: 6, notSaved: 7, reply: 8,
  refused: 9, offline: 10, act: 11, draft: 12, back: 13, time: 14, link: 15, scanned: 16,
  noCamera: 17, undoOver: 18, backAgain: 19,
};
const NOTHING = new Uint8Array();
let tell = () => {};

export function begin(ear) {
  tell = (what, text = "", bytes = NOTHING) => setTimeout(() => ear(what, text, bytes));
  const seen = (what) => () => document.visibilityState === "visible" && tell(what);
  addEventListener("online", seen(HEARD.backAgain));
  document.addEventListener("visibilitychange", seen(HEARD.backAgain));
  setInterval(seen(HEARD.time), 15_000);
  addEventListener("popstate", () => tell(HEARD.back));
  addEventListener("hashchange", () => {
    const found = takeAddress();
    if (found) tell(HEARD.link, found);
  });
}

export function link() {
  const found = address;
  address = "";
  return found;
}

export const clock = () => Date.now();
export const ticks = () => performance.now();
export const random = (length) => crypto.getRandomValues(new Uint8Array(length));
export const preferred = () => navigator.language ?? "";

// --- elements ---

export function make(tag, name, text) {
  const node = document.createElement(tag);
  if (name) node.className = name;
  if (text) node.textContent = text;
  return node;
}
export const put = (node, name, value) => node.setAttribute(name, value);
export const into = (parent, child) => parent.append(child);
export const when = (node, number) =>
  node.addEventListener("click", () => tell(HEARD.act, String(number)));
export function draft(node, key, words) {
  node.value = words;
  let timer;
  const keep = () => node.isConnected && tell(HEARD.draft, `${key}\n${node.value}`);
  node.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(keep, 400);
  });
}
export const value = (id) => document.getElementById(id)?.value ?? "";
export const typing = () => /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement?.tagName ?? "");

export function show(language, direction, content, focus) {
  document.documentElement.lang = language;
  document.documentElement.dir = direction;
  let root = document.getElementById("page");
  if (!root) {
    root = make("div", "", "");
    root.id = "page";
    const said = make("p", "hidden-but-read", "");
    said.id = "said";
    said.setAttribute("role", "status");
    document.body.append(root, said);
  }
  stopCamera();
  const { tagName, textContent } = document.activeElement ?? {};
  root.replaceChildren(content);
  const head = root.querySelector("h1");
  head?.setAttribute("tabindex", "-1");
  if (focus) {
    head?.focus();
    scrollTo(0, 0);
  } else if (tagName && tagName !== "BODY") {
    const all = [...root.querySelectorAll(tagName)];
    const same = all.find((node) => node.textContent === textContent);
    same?.focus({ preventScroll: true });
  }
}
export function say(text) {
  const said = document.getElementById("said");
  if (said) said.textContent = text;
}
export const leave = () => history.pushState(null, "", location.pathname);

/// A square of modules as a picture: `bits` row by row, one byte each.
export function picture(bits, size, label) {
  const NS = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(NS, "svg");
  const path = document.createElementNS(NS, "path");
  let d = "";
  bits.forEach((dark, n) => {
    if (dark) d += `M${(n % size) + 4} ${Math.floor(n / size) + 4}h1v1h-1z`;
  });
  path.setAttribute("d", d);
  svg.setAttribute("viewBox", `0 0 ${size + 8} ${size + 8}`);
  svg.setAttribute("class", "qr");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", label);
  svg.append(path);
  return svg;
}

// --- words for times ---

const ZONE = "Europe/Oslo";
const DAY = { weekday: "long", day: "numeric", month: "long", year: "numeric" };
const words = (ms, language, form) => new Intl.DateTimeFormat([language, "nb-NO"], form).format(ms);
export const dayOf = (ms, language) => words(ms, language, { ...DAY, timeZone: ZONE });
export const timeOf = (ms, language) =>
  words(ms, language, { hour: "2-digit", minute: "2-digit", timeZone: ZONE });
export const dateOf = (year, month, day, language) =>
  words(Date.UTC(year, month - 1, day), language, { ...DAY, timeZone: "UTC" });
/// The day in Oslo as 2026-01-05.
export const today = () => words(Date.now(), "sv-SE", { timeZone: ZONE });

// --- storage: one sealed piece, under a key that no script can read ---

const NAME = "folge-participant";
const asked = (request) =>
  new Promise((done, failed) => {
    request.onsuccess = () => done(request.result);
    request.onerror = () => failed(request.error);
  });
let database;
async function kept(mode, work) {
  const change = database.transaction("kept", mode, { durability: "strict" });
  const finished = new Promise((done, failed) => {
    change.oncomplete = done;
    change.onabort = change.onerror = () => failed(change.error);
  });
  const result = await work(change.objectStore("kept"));
  await finished;
  return result;
}

export async function open() {
  try {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => request.result.createObjectStore("kept");
    database = await asked(request);
    let [lock, wrapped, state] = await kept("readonly", (store) =>
      Promise.all(["lock", "key", "state"].map((name) => asked(store.get(name)))),
    );
    let key;
    if (lock && wrapped) {
      const form = { name: "AES-GCM", iv: wrapped.slice(0, 12) };
      key = new Uint8Array(await crypto.subtle.decrypt(form, lock, wrapped.slice(12)));
    } else {
      lock = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, [
        "encrypt",
        "decrypt",
      ]);
      key = random(32);
      const iv = random(12);
      const sealed = new Uint8Array(await crypto.subtle.encrypt({ name: "AES-GCM", iv }, lock, key));
      wrapped = new Uint8Array([...iv, ...sealed]);
      await kept("readwrite", (store) => {
        store.put(lock, "lock");
        store.put(wrapped, "key");
      });
      state = undefined;
    }
    const all = new Uint8Array(32 + (state?.length ?? 0));
    all.set(key);
    if (state) all.set(state, 32);
    key.fill(0);
    navigator.storage?.persist?.();
    tell(HEARD.opened, "", all);
  } catch {
    tell(HEARD.noStorage);
  }
}

export async function save(number, view) {
  // A copy: of a view, the database would keep all that lies behind it, the program's whole memory.
  const state = view.slice();
  try {
    await kept("readwrite", (store) => void store.put(state, "state"));
    tell(HEARD.saved, String(number));
  } catch {
    tell(HEARD.notSaved, String(number));
  }
}

// --- one writer among tabs ---

export function lock(steal) {
  if (!navigator.locks) return tell(HEARD.lockHeld);
  const held = (lock) => {
    if (!lock) return tell(HEARD.lockBusy);
    tell(HEARD.lockHeld);
    return new Promise(() => {});
  };
  navigator.locks
    .request(NAME, steal ? { steal } : { ifAvailable: true }, held)
    .catch(() => tell(HEARD.lockLost));
}

// --- network ---

export async function send(url, body) {
  try {
    const reply = await fetch(url, {
      method: "POST",
      body,
      cache: "no-store",
      credentials: "omit",
      redirect: "error",
      referrerPolicy: "no-referrer",
      signal: AbortSignal.timeout(60_000),
    });
    const bytes = new Uint8Array(await reply.arrayBuffer());
    tell(reply.ok ? HEARD.reply : HEARD.refused, "", bytes);
  } catch {
    tell(HEARD.offline);
  }
}

export const later = (ms) => setTimeout(() => tell(HEARD.undoOver), ms);

// --- own data to take home ---

export function download(name, type, text) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const anchor = make("a", "", "");
  anchor.href = url;
  anchor.download = name;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

// --- camera ---

let stream;
function stopCamera() {
  stream?.getTracks().forEach((track) => track.stop());
  stream = undefined;
}

export async function camera(video) {
  try {
    const script = document.querySelector('meta[name="folge-scan"]').content;
    const [found, { scan }] = await Promise.all([
      navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } }),
      import(script),
    ]);
    stream = found;
    video.srcObject = found;
    await video.play();
    const canvas = document.createElement("canvas");
    const pen = canvas.getContext("2d", { willReadFrequently: true });
    const look = () => {
      if (stream !== found) return;
      const scale = Math.min(1, 800 / Math.max(video.videoWidth, 1));
      const width = Math.floor(video.videoWidth * scale);
      const height = Math.floor(video.videoHeight * scale);
      if (width && height) {
        [canvas.width, canvas.height] = [width, height];
        pen.drawImage(video, 0, 0, width, height);
        const { data } = pen.getImageData(0, 0, width, height);
        const grey = new Uint8Array(width * height);
        for (let n = 0; n < grey.length; n++)
          grey[n] = (data[4 * n] * 77 + data[4 * n + 1] * 150 + data[4 * n + 2] * 29) >> 8;
        const text = scan(width, height, grey);
        if (text) {
          stopCamera();
          return tell(HEARD.scanned, text);
        }
      }
      setTimeout(look, 120);
    };
    look();
  } catch {
    stopCamera();
    tell(HEARD.noCamera);
  }
}
