import { startEverything } from "/work/main/lib/testing/everything-server";
const s = await startEverything(); console.log(s.url);
