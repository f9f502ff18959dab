// Reads QR codes from pictures. Loaded by `import()` when somebody scans; ready when the import is.
import init from "{{scan-bindgen.js}}";
export { scan } from "{{scan-bindgen.js}}";

await init({ module_or_path: "{{scan.wasm}}" });
