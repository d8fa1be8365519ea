import js from "@eslint/js";
import globals from "globals";

const built = { Go: "readonly", goclip: "readonly" };

export default [
  { ignores: ["dist/"] },
  js.configs.recommended,
  { rules: { eqeqeq: "error", "no-var": "error", "prefer-const": "error" } },
  { files: ["src/clip.js", "demo/**"], languageOptions: { globals: globals.browser } },
  { files: ["src/worker.js"], languageOptions: { globals: { ...globals.worker, ...built } } },
  { files: ["serve.js"], languageOptions: { globals: globals.node } },
  // What a test hands to page.evaluate runs in the browser.
  { files: ["test/**"], languageOptions: { globals: { ...globals.node, ...globals.browser, ...built } } },
];
