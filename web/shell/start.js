// Starts a page: its program first, then what keeps it here without a network. The build makes
// start-staff and start-participant of this.
import init from "{{module.js}}";

const SCOPE = "{{scope}}";
const KEPT = "/service-worker.js";

// The one policy by which text may become markup or the address of a script. Whatever could run is
// refused, so that a mistake in a view shows as an error and not as somebody else's program.
if (window.trustedTypes) {
  const RUNS = /<\s*(script|iframe|object|embed|base|link|meta|form)|\son\w+\s*=|javascript:/i;
  trustedTypes.createPolicy("default", {
    createHTML: (html) => (RUNS.test(html) ? null : html),
    createScriptURL: (text) => {
      const url = new URL(text, location.href);
      const ours = url.pathname.startsWith("/a/") || url.pathname === KEPT;
      return url.origin === location.origin && ours ? text : null;
    },
  });
}

// What reads codes from the camera, fetched when somebody scans.
window.folgeScanner = () => import("{{scan.js}}");

const tell = (detail) => window.dispatchEvent(new CustomEvent("folge-update", { detail }));

async function keep() {
  const workers = navigator.serviceWorker;
  if (!workers) return;
  workers.addEventListener("message", ({ data }) => {
    if (data?.update === "used") location.reload();
    else if (data?.update === "ready" || data?.update === "refused") tell(data.update);
  });
  workers.startMessages();
  window.addEventListener("folge-use-update", () => workers.controller?.postMessage("use"));
  window.addEventListener("folge-check-update", () => workers.controller?.postMessage("check"));
  await workers.register(KEPT, { scope: SCOPE, updateViaCache: "none" });
  // What was found before this page was open.
  workers.controller?.postMessage("hello");
}

try {
  await init({ module_or_path: "{{module.wasm}}" });
} catch (error) {
  // The program shows its own errors; this is for browsers that cannot load it.
  if (document.body.childElementCount < 2) {
    document.body.append(
      "Følge kan ikke starte i denne nettleseren. Oppdater den, eller prøv en annen. / " +
        "Følge cannot start in this browser. Update it, or try another.",
    );
  }
  throw error;
}
keep().catch((error) => console.warn("folge: kept nothing for use without a network", error.name));
