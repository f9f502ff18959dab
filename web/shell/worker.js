// The worker of one tab: a module worker, which the staff page starts. The store's files can be
// open once, so one tab's worker leads: it holds the lock and runs the core. The others hand their
// page's calls to it and pass on what it tells. When it ends, one of them leads.
//
// A call is [number, bytes] and its answer the same; [number, null] says that the answer is lost.
// Number 0 is told unasked, to every tab.
import init, { start } from "{{worker-bindgen.js}}";

const LOCK = "folge-store";
const own = crypto.randomUUID();
const channel = new BroadcastChannel("folge-store");
const toPage = self.postMessage.bind(self);

let state = "asks"; // then "follows" or "starts", "leads"
let ended = false;
const waiting = []; // calls that came before the core was there
const asked = new Set(); // our page's calls that the leader has not answered
const remote = new Map(); // the core's number of another tab's call → [tab, number there]
let nextRemote = 2 ** 40; // beyond what pages count to

// A trap ends the core: the page is told, and starts another worker.
function crashed() {
  if (ended) return;
  ended = true;
  toPage({ crashed: true });
  // Gives back the files and the lock.
  self.close();
}
self.addEventListener("error", crashed);
self.addEventListener("unhandledrejection", crashed);

// What the core posts goes to whoever asked.
self.postMessage = (message) => {
  const [number, bytes] = message;
  const of = remote.get(number);
  if (of) {
    remote.delete(number);
    channel.postMessage({ to: of[0], number: of[1], bytes });
    return;
  }
  toPage(message);
  if (number === 0) channel.postMessage({ told: bytes });
};

// Hands a call to the core, as if the page had posted it.
const passed = new WeakSet();
function toCore(data) {
  if (state !== "leads") {
    waiting.push(data);
    return;
  }
  const event = new MessageEvent("message", { data });
  passed.add(event);
  self.dispatchEvent(event);
}

// Before the core's own listener, so that it hears only what it is handed.
self.addEventListener("message", (event) => {
  if (passed.has(event)) return;
  event.stopImmediatePropagation();
  if (state !== "follows") {
    toCore(event.data);
    return;
  }
  toLeader(event.data);
});

function toLeader([number, bytes]) {
  asked.add(number);
  channel.postMessage({ from: own, number, bytes });
}

channel.addEventListener("message", ({ data }) => {
  if (data.from && (state === "starts" || state === "leads")) {
    const number = nextRemote++;
    remote.set(number, [data.from, data.number]);
    toCore([number, data.bytes]);
  } else if (data.to === own && asked.delete(data.number)) {
    toPage([data.number, data.bytes]);
  } else if (data.told) {
    toPage([0, data.told]);
  } else if (data.leads && state === "follows") {
    lose();
  }
});

// Nobody knows whether the leader that ended had done them.
function lose() {
  for (const number of asked) toPage([number, null]);
  asked.clear();
}

async function lead() {
  state = "starts";
  lose();
  // From here on, other tabs' calls wait for the core.
  channel.postMessage({ leads: true });
  try {
    await init({ module_or_path: "{{worker.wasm}}" });
    await start();
  } catch (error) {
    console.error("folge: the store cannot be opened", error?.name);
    crashed();
    return;
  }
  state = "leads";
  for (const data of waiting.splice(0)) toCore(data);
  // The lock is held for as long as this worker lives.
  await new Promise(() => {});
}

// Leads where nobody does; otherwise follows, and waits to lead.
navigator.locks.request(LOCK, { ifAvailable: true }, (lock) => {
  if (lock) return lead();
  state = "follows";
  for (const data of waiting.splice(0)) toLeader(data);
  navigator.locks.request(LOCK, lead);
});
