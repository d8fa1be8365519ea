// Starts browsers for tests: Chromium, and Firefox, each as Debian has it.

import fs from "node:fs";
import { chromium } from "playwright-core";
import puppeteer from "puppeteer-core";

export const executablePath = process.env.GOCLIP_CHROMIUM ?? "/usr/bin/chromium";
const firefoxPath = process.env.GOCLIP_FIREFOX ?? "/usr/bin/firefox-esr";

/** Why tests are skipped for want of a program; false where they run, or must.
 * @param {string} word that requires it, in GOCLIP_REQUIRE @param {string} program @param {string} name Debian's package */
function missing(word, program, name) {
  const required = (process.env.GOCLIP_REQUIRE ?? "").split(",").includes(word);
  return !required && !fs.existsSync(program) && `no ${program}: install Debian's package ${name}`;
}

/** Why the tests in Chromium are skipped, or false. */
export const skip = missing("browser", executablePath, "chromium");

/** Why the tests in Firefox are skipped, or false. */
export const skipFirefox = missing("firefox", firefoxPath, "firefox-esr");

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

/** Firefox, by WebDriver BiDi: Playwright drives a Firefox of its own only. */
export function launchFirefox() {
  return puppeteer.launch({ browser: "firefox", executablePath: firefoxPath });
}
