// The worker that holds the core: a module worker, which the staff page starts. Messages that
// arrive before the core is there wait. A trap ends the core: the page is told, and starts another.
import init, { start } from "{{worker-bindgen.js}}";

let ended = false;
function crashed() {
  if (ended) return;
  ended = true;
  self.postMessage({ crashed: true });
  // Gives back the files that this worker holds.
  self.close();
}
self.addEventListener("error", crashed);
self.addEventListener("unhandledrejection", crashed);

const waiting = [];
const wait = (event) => {
  event.stopImmediatePropagation();
  waiting.push(event);
};
self.addEventListener("message", wait);

try {
  await init({ module_or_path: "{{worker.wasm}}" });
  await start();
  self.removeEventListener("message", wait);
  for (const { data, ports } of waiting) {
    self.dispatchEvent(new MessageEvent("message", { data, ports: [...ports] }));
  }
} catch (error) {
  console.error(error);
  crashed();
}
