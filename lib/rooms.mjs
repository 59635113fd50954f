/** The import table as data: each room and the rooms that it may import. Lint, tests and the README's copy are generated from or checked against it. */
export const rooms = {
  kernel: [],
  quota: ["kernel"],
  policy: ["kernel", "quota"],
  env: ["kernel"],
  db: ["kernel", "env"],
  audit: ["kernel", "env", "db"],
  ledger: ["kernel", "quota", "audit", "env", "db"],
  auth: ["kernel", "env", "db", "audit"],
  http: ["kernel", "env", "auth"],
  vault: ["kernel", "env", "db", "audit"],
  grants: ["kernel", "env", "db", "audit", "auth", "http", "vault"],
  notify: ["kernel", "env", "db", "audit", "http", "vault"],
  servers: ["kernel", "env", "db", "audit", "http", "vault", "notify"],
  bundles: ["kernel", "env", "db", "audit"],
  policies: ["kernel", "quota", "policy", "db", "audit", "servers"],
  analytics: ["kernel", "quota", "db"],
  gateway: [
    "kernel",
    "quota",
    "policy",
    "env",
    "audit",
    "ledger",
    "http",
    "vault",
    "grants",
    "servers",
    "bundles",
    "policies",
    "analytics",
  ],
  sandbox: ["kernel", "policy", "env", "auth", "http", "vault", "grants", "servers", "policies", "gateway"],
  cli: ["kernel", "quota", "policy", "env", "db", "audit", "http", "vault", "servers"],
};

/** Rooms that may import every room of the table: the composition root and the test rig. */
const all = Object.keys(rooms);
rooms.server = all;
rooms.testing = [...all, "server"];

/** Doors of a room when they are more than `<room>.server.ts`. */
export const doors = {
  auth: ["auth", "secret-token"],
  grants: ["grants", "oauth"],
  http: ["http", "route", "egress"],
  servers: ["servers", "channel"],
};
