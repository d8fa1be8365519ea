// Go's own script, which the build copies here (build.sh).

export {};

declare global {
  class Go {
    importObject: WebAssembly.Imports;
    /** Resolves when the program ends. */
    run(instance: WebAssembly.Instance): Promise<void>;
  }
}
