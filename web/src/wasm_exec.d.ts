// Go's own script, which the build copies here (build.sh), and what goclip.wasm sets.

import type { Progress } from "./api.js";

declare global {
  class Go {
    importObject: WebAssembly.Imports;
    /** Resolves when the program ends. */
    run(instance: WebAssembly.Instance): Promise<void>;
  }

  /** wasm/README.md describes it. */
  var goclip: {
    version: string;
    cache: Record<"list" | "clear", (address?: unknown) => Promise<unknown>>;
    load(
      source?: unknown,
      options?: { onProgress?: (progress: Progress) => void; [name: string]: unknown },
    ): Promise<any>;
  };
}
