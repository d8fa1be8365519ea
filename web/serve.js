// Serves web/site on http://127.0.0.1:8080 until it is stopped: `npm run serve`.

import path from "node:path";
import { isolated, serve } from "./test/server.js";

const { origin } = await serve({ "/": path.join(import.meta.dirname, "site") }, {}, 8080, isolated);
console.log(origin);
