import { Clip } from "./goclip/goclip.js";

/** @template {HTMLElement} T @param {string} id @param {new () => T} type @returns {T} */
function element(id, type) {
  const found = document.getElementById(id);
  if (!(found instanceof type)) {
    throw new Error(`the page has no ${id}`);
  }
  return found;
}

const picture = element("picture", HTMLImageElement);
const examples = element("examples", HTMLElement);
const file = element("file", HTMLInputElement);
const labels = element("labels", HTMLInputElement);
const scores = element("scores", HTMLOListElement);
const status = element("status", HTMLElement);

const exampleNames = ["dog", "pizza", "guitar", "car", "house", "umbrella"];

const model = Clip.load(undefined, { onProgress: showProgress });

/** The labels that are embedded, so that another picture needs only its own embedding.
 * @type {{ key: string, classifier: ReturnType<Clip["classifier"]> } | undefined} */
let embedded;

/** The picture to label: an address or a file. @type {string | File} */
let chosen = "examples/dog.png";

let newest = 0;

async function update() {
  const turn = ++newest;
  try {
    const clip = await model;
    const words = labels.value.split(",").map((word) => word.trim());
    const key = JSON.stringify(words);
    if (embedded?.key !== key) {
      embedded = { key, classifier: clip.classifier(words) };
    }
    const classifier = await embedded.classifier;
    const start = performance.now();
    const ranked = await classifier.classify(chosen);
    if (turn === newest) {
      show(ranked);
      say("done", `${clip.info.device_name}, ${Math.round(performance.now() - start)} ms`);
    }
  } catch (error) {
    if (turn === newest) {
      scores.replaceChildren();
      say("failed", error instanceof Error ? error.message : String(error));
    }
  }
}

/** @param {Label[]} ranked */
function show(ranked) {
  const rows = ranked.map(({ label, probability }) => {
    const row = document.createElement("li");
    const name = document.createElement("span");
    name.textContent = label;
    const percent = document.createElement("span");
    percent.textContent = `${(100 * probability).toFixed(1)} %`;
    const bar = document.createElement("meter");
    bar.value = probability;
    bar.setAttribute("aria-label", label);
    row.append(name, percent, bar);
    return row;
  });
  scores.replaceChildren(...rows);
  performance.mark("labelled");
}

/** @param {"busy" | "done" | "failed"} state @param {string} text */
function say(state, text) {
  status.dataset.state = state;
  status.textContent = text;
}

/** @param {Progress} progress */
function showProgress({ status, file, loaded, total }) {
  const share = total > 0 ? ` ${Math.round((100 * loaded) / total)} %` : "";
  say("busy", status === "download" ? `Fetching ${file}${share}` : `Loading the model${share}`);
}

/** @param {string | File} what @param {string} address @param {string} name */
function choose(what, address, name) {
  chosen = what;
  picture.src = address;
  for (const button of examples.querySelectorAll("button")) {
    button.setAttribute("aria-pressed", String(button.name === name));
  }
  update();
}

for (const name of exampleNames) {
  const button = document.createElement("button");
  const image = document.createElement("img");
  const address = `examples/${name}.png`;
  image.src = address;
  image.alt = name;
  button.name = name;
  button.append(image);
  button.addEventListener("click", () => choose(address, address, name));
  examples.append(button);
}
file.addEventListener("change", () => {
  const first = file.files?.[0];
  if (first) {
    choose(first, URL.createObjectURL(first), "");
  }
});
labels.addEventListener("change", update);

choose(chosen, chosen, "dog");
