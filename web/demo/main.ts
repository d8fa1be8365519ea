// The page: pictures come in, are embedded once, and are ranked again whenever labels or the search change.

import { cosine, droppedFiles, type Classifier, type Label } from "./goclip/goclip.js";
import { onLabelsTyped, say, showNote, showRanked, speak, typedLabels } from "./answer.js";
import { Camera } from "./camera.js";
import { onFactsOpened, showFacts } from "./facts.js";
import { Gallery } from "./gallery.js";
import { described, isModel, Models, type Opened } from "./models.js";
import { button, element, input, made, patient, some } from "./page.js";
import { item, Queue, type Item } from "./pictures.js";
import { forget } from "./thumbnails.js";

const examples = ["dog", "pizza", "guitar", "car", "house", "umbrella"];

let items: Item[] = [];
let selected: Item | undefined;
let opened: Opened | undefined;
let classifier: Classifier | undefined;
/** The embedding of what is searched for. */
let query: Float32Array | undefined;
/** The label whose pictures alone are shown. */
let filter: string | undefined;

const picture = element("picture", HTMLImageElement);
const search = input("search");
const working = some("working");
const progress = element("progress", HTMLProgressElement);

const queue = new Queue((done) => {
  score(done);
  if (done === selected) {
    showSelected();
  }
  changed();
});
const gallery = new Gallery(some("grid"), select, remove);
const models = new Models(use);

/** A model was opened: everything is embedded again. */
function use(next: Opened): void {
  opened?.clip.dispose();
  opened = next;
  some("model-name").textContent = next.name;
  some("model").dataset.ready = "";
  classifier = query = undefined;
  queue.restart(next.clip, items);
  if (selected) {
    queue.first(selected);
  }
  say("busy", "Looking …");
  relabel();
  searchAgain();
  changed();
}

let labelling = new AbortController();

/** Embeds the labels that are not known yet, and ranks all pictures again. */
async function relabel(): Promise<void> {
  labelling.abort();
  const { signal } = (labelling = new AbortController());
  const labels = typedLabels();
  if (!opened) {
    return;
  }
  if (labels.length === 0) {
    classifier = undefined;
    showRanked([]);
    say("done", "Type some labels.");
  } else {
    try {
      classifier = await opened.clip.classifier(labels, { signal });
    } catch (error) {
      if (!signal.aborted) {
        say("failed", message(error));
      }
      return;
    }
    showNote(classifier);
  }
  rerank();
}

function rerank(): void {
  const start = performance.now();
  items.forEach(score);
  performance.measure("rerank", { start });
  showSelected();
  changed();
}

/** Ranks the labels and the search for a picture that is embedded. */
function score(item: Item): void {
  item.best = item.embedding && classifier?.rank(item.embedding, { top: 1 })[0];
  item.match = item.embedding && query && cosine(item.embedding, query);
}

let announced: ReturnType<typeof setTimeout>;

function showSelected(): void {
  const { embedding, error } = selected ?? {};
  if (error) {
    showRanked([]);
    say("failed", error);
  } else if (embedding && classifier) {
    showAnswer(classifier.rank(embedding));
  }
}

function showAnswer(ranked: Label[]): void {
  showRanked(ranked);
  clearTimeout(announced);
  announced = setTimeout(() => speak(ranked), 700);
  say("done", opened!.clip.info.device_name);
  performance.mark("labelled");
}

/** Puts the list, the filters and the progress on the page, soon. */
const changed = patientFrames(() => {
  const shown = items
    .filter((item) => filter === undefined || item.best?.label === filter)
    .sort((a, b) => (query ? (b.match ?? -2) - (a.match ?? -2) : 0));
  gallery.show(shown, selected);
  showFilters();
  showProgress();
  some("empty").hidden = items.length > 0;
  some("gallery").hidden = items.length === 0;
  if (queue.left === 0 && opened) {
    void showFacts(opened).catch(() => {});
  }
});

/** At most a call every 100 ms: hundreds of pictures may be done in a second. */
function patientFrames(call: () => void): () => void {
  let planned = false;
  let last = -Infinity;
  return () => {
    if (!planned) {
      planned = true;
      setTimeout(
        () => {
          planned = false;
          last = performance.now();
          call();
        },
        Math.max(0, last + 100 - performance.now()),
      );
    }
  };
}

function showFilters(): void {
  const counts = new Map<string, number>();
  for (const { best } of items) {
    if (best) {
      counts.set(best.label, (counts.get(best.label) ?? 0) + 1);
    }
  }
  if (filter !== undefined && !counts.has(filter)) {
    filter = undefined;
  }
  const labels = classifier?.labels.filter((label) => counts.has(label)) ?? [];
  const wanted: [string | undefined, string, number][] = labels.map((label) => [label, label, counts.get(label)!]);
  const root = some("filters");
  const focused = root.contains(document.activeElement) ? (document.activeElement as HTMLElement).dataset.label : null;
  root.replaceChildren(
    ...[[undefined, "All", items.length] as const, ...wanted].map(([label, text, count]) => {
      const choice = made("button", `${text} `);
      choice.type = "button";
      choice.append(made("i", String(count)));
      choice.ariaPressed = String(label === filter);
      choice.dataset.label = label ?? "";
      choice.addEventListener("click", () => {
        filter = label;
        changed();
      });
      return choice;
    }),
  );
  if (focused !== null) {
    root.querySelector<HTMLElement>(`[data-label="${CSS.escape(focused ?? "")}"]`)?.focus();
  }
}

/** When the pictures that wait began to be embedded, and how many were done before. */
let batch = { start: 0, done: 0 };

function showProgress(): void {
  const { left } = queue;
  const done = items.length - left;
  if (left <= 2 || !opened) {
    working.hidden = true;
    batch = { start: performance.now(), done };
    return;
  }
  const rate = (1000 * (done - batch.done)) / (performance.now() - batch.start);
  working.hidden = false;
  progress.max = items.length;
  progress.value = done;
  some("progress-text").textContent = `${done} of ${items.length}${rate > 0 ? `, ${rate.toFixed(1)} a second` : ""}`;
}

let shownAddress = "";

function select(next: Item): void {
  camera.stop();
  selected = next;
  queue.first(next);
  const before = shownAddress;
  picture.src = shownAddress = URL.createObjectURL(next.file);
  URL.revokeObjectURL(before);
  picture.alt = next.name;
  picture.classList.toggle("drawn", next.example);
  picture.hidden = false;
  if (!next.embedding && !next.error) {
    showRanked([]);
    say("busy", "Looking …");
  }
  showSelected();
  changed();
}

function remove(gone: Item): void {
  queue.remove(gone);
  forget(gone.file);
  items = items.filter((other) => other !== gone);
  if (gone === selected) {
    unselect();
  }
  changed();
}

function unselect(): void {
  selected = undefined;
  picture.hidden = true;
  showRanked([]);
  say("done", "");
}

function removeAll(): void {
  queue.cancel();
  items.forEach(({ file }) => forget(file));
  items = [];
  filter = undefined;
  unselect();
  changed();
}

/** Takes pictures that were dropped, pasted or chosen. The drawings that came with the page make room. */
function add(files: readonly Blob[]): void {
  const pictures = files
    .map((file, i) => item(file, file instanceof File ? file.name : `picture ${items.length + i + 1}`))
    .filter(({ file, name }) => file.type.startsWith("image/") || /\.(tiff?|jpe?g|png|gif|webp|bmp)$/i.test(name));
  if (pictures.length === 0) {
    say("failed", files.length > 0 ? "There are no pictures in it." : "There are no files in it.");
    return;
  }
  if (items.every(({ example }) => example)) {
    removeAll();
  }
  batch = { start: performance.now(), done: items.length - queue.left };
  items = [...items, ...pictures];
  queue.add(pictures);
  select(pictures[0]!);
}

function take(files: File[]): void {
  if (isModel(files)) {
    models.choose(files);
  } else {
    add(files);
  }
}

let searching = new AbortController();

async function searchAgain(): Promise<void> {
  searching.abort();
  const { signal } = (searching = new AbortController());
  const text = search.value.trim();
  try {
    query = text && opened ? await opened.clip.embedText(text, { signal }) : undefined;
    rerank();
  } catch (error) {
    if (!signal.aborted) {
      say("failed", message(error));
    }
  }
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const camera = new Camera(
  async (video) => {
    if (opened && classifier) {
      try {
        showAnswer(await classifier.classify(video));
      } catch (error) {
        say("failed", message(error));
      }
    }
  },
  (file) => add([new File([file], "camera.png", { type: file.type })]),
  (on) => {
    picture.hidden = on || !selected;
    some("empty").hidden = on || items.length > 0;
    showSelected();
  },
  (text) => say("failed", text),
);

onLabelsTyped(patient(80, relabel));
onFactsOpened(() => opened && void showFacts(opened));
search.addEventListener("input", patient(120, searchAgain));
button("clear").addEventListener("click", removeAll);
button("cancel").addEventListener("click", () => {
  queue.cancel();
  const gone = items.filter(({ embedding, error }) => !embedding && !error);
  gone.forEach(remove);
  changed();
});
for (const id of ["files", "folder"]) {
  input(id).addEventListener("change", () => {
    take([...(input(id).files ?? [])]);
    input(id).value = "";
  });
}

const drop = some("drop");
addEventListener("dragover", (event) => {
  event.preventDefault();
  drop.hidden = false;
});
addEventListener("dragleave", ({ relatedTarget }) => {
  drop.hidden = relatedTarget === null;
});
addEventListener("drop", async (event) => {
  event.preventDefault();
  drop.hidden = true;
  if (event.dataTransfer) {
    take(await droppedFiles(event.dataTransfer));
  }
});
addEventListener("paste", ({ clipboardData }) => {
  if (clipboardData?.files.length) {
    take([...clipboardData.files]);
  }
});

async function start(): Promise<void> {
  const loading = models.start((progress) => say("busy", described(progress)));
  const drawings = await Promise.all(
    examples.map(async (name) => item(await (await fetch(`examples/${name}.png`)).blob(), name, true)),
  );
  if (items.length === 0) {
    items = drawings;
    select(drawings[0]!);
  }
  use(await loading);
}

start()
  .catch((error) => say("failed", message(error)))
  // All files are kept for the next visit, which then needs no network. The first answer comes first.
  .finally(() => setTimeout(() => void navigator.serviceWorker?.register("sw.js").catch(() => {}), 500));
