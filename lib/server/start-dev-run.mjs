// The child of `npm run dev`: runs the freshly bundled server with the wishes of its command line.
import path from "node:path";
import { pathToFileURL } from "node:url";
import { step } from "./start-steps.mjs";

const wishes = JSON.parse(process.argv[2] ?? "{}");
const { boot } = await import(pathToFileURL(path.join(wishes.root, "dist/dev/server.mjs")).href);
await boot({ ...wishes, step });
