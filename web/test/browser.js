// Starts Chromium for tests.

import fs from "node:fs";
import { chromium } from "playwright-core";

export const executablePath = process.env.GOCLIP_CHROMIUM ?? "/usr/bin/chromium";

const required = (process.env.GOCLIP_REQUIRE ?? "").split(",").includes("browser");

/** Why the browser tests are skipped; false where they run, or must. */
export const skip =
  !required && !fs.existsSync(executablePath) && `no ${executablePath}: install Debian's package chromium`;

/** A browser without the services that would ask other hosts for something. @param {string[]} more arguments */
export function launch(more = []) {
  return chromium.launch({
    executablePath,
    args: [
      "--no-sandbox",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      ...(more.length ? more : ["--disable-gpu"]),
    ],
  });
}
