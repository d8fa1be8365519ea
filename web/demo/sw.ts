// Keeps the page for visits without a network. build.sh puts the list of files and their sum in.

declare const FILES: readonly string[];
declare const SUM: string;

/** A service worker's own side; this file is compiled with a page's types. */
interface Event extends ExtendableMessageEvent {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}
interface ExtendableMessageEvent {
  waitUntil(work: Promise<unknown>): void;
}
const worker = self as unknown as {
  addEventListener(type: string, listener: (event: Event) => void): void;
  registration: { scope: string };
};

const name = `goclip-demo-${SUM}`;

worker.addEventListener("install", (event) => event.waitUntil(keep()));
worker.addEventListener("activate", (event) => event.waitUntil(forgetOthers()));
worker.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method === "GET" && url.href.startsWith(worker.registration.scope)) {
    event.respondWith(answer(event.request, url));
  }
});

async function keep(): Promise<void> {
  const cache = await caches.open(name);
  await Promise.all(FILES.map(async (file) => cache.put(file, isolated(await got(file)))));
}

async function got(file: string): Promise<Response> {
  const response = await fetch(file, { cache: "no-cache" });
  if (!response.ok) {
    throw new Error(`${file}: the server answers ${response.status}`);
  }
  return response;
}

/** With these headers a page may use threads; many hosts of static files cannot send them. */
function isolated(response: Response): Response {
  const headers = new Headers(response.headers);
  headers.set("cross-origin-opener-policy", "same-origin");
  headers.set("cross-origin-embedder-policy", "require-corp");
  headers.set("cross-origin-resource-policy", "same-origin");
  return new Response(response.body, { status: response.status, headers });
}

async function answer(request: Request, url: URL): Promise<Response> {
  const file = url.pathname.endsWith("/") ? `${url.origin}${url.pathname}index.html` : `${url.origin}${url.pathname}`;
  return (await (await caches.open(name)).match(file)) ?? fetch(request);
}

async function forgetOthers(): Promise<void> {
  for (const other of await caches.keys()) {
    if (other.startsWith("goclip-demo-") && other !== name) {
      await caches.delete(other);
    }
  }
}
