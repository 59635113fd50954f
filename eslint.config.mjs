import { existsSync, readdirSync } from "node:fs";
import next from "eslint-config-next";
import tseslint from "typescript-eslint";
import { doors, rooms } from "./lib/rooms.mjs";

const open = Object.keys(rooms)
  .flatMap((room) => (doors[room] ?? [room]).map((file) => `${room}/${file}`))
  .join("|");
const no = (regex, message) => ({ regex, message });
const parent = no("^\\.\\./", "Rooms are flat: import other rooms as @/lib/<room>/<file>.");
const upward = no("^@/(app|components|e2e|prisma)/", "lib never imports UI or routes.");
const service = no("\\.server$", "Only services and routes import .server files.");
const world = no(
  "^(node:|server-only$|next(/|$)|next-auth|react|@prisma/|pg$|undici|hono|@hono/|pino)",
  "Pure file: no I/O, no framework.",
);
const row = (room) =>
  no(
    `^@/lib/(?!(?:${[...rooms[room], room].join("|")})/)`,
    `${room} may import: ${rooms[room].join(", ") || "nothing"}.`,
  );
const door = (room) =>
  no(`^@/lib/(?!${room}/)(?!(?:${open})\\.server$).+\\.server$`, "Enter another room by its door.");
const restrict = (files, patterns, ignores = []) => ({
  files,
  ignores: [...ignores, "**/*.test.{ts,tsx}"],
  rules: { "no-restricted-imports": ["error", { patterns }] },
});
const features = existsSync("components")
  ? readdirSync("components", { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && entry.name !== "ui" && entry.name !== "shell")
      .map((entry) => entry.name)
  : [];

/** The import table as lint: generated from lib/rooms.mjs, nothing by hand. */
export const boundaries = [
  ...Object.keys(rooms)
    .filter((room) => room !== "testing")
    .flatMap((room) => [
      restrict([`lib/${room}/**/*.server.ts`], [parent, upward, row(room), door(room)]),
      restrict([`lib/${room}/**/*.ts`], [parent, upward, row(room), service, world], ["**/*.server.ts"]),
    ]),
  restrict(
    ["components/{ui,shell}/**/*.{ts,tsx}"],
    [no("^@/(lib/(?!http/client$)|app|components/(?!ui/|shell/))", "Primitives know no domain.")],
  ),
  ...features.map((feature) =>
    restrict(
      [`components/${feature}/**/*.{ts,tsx}`],
      [
        no(`^@/components/(?!ui/|shell/|${feature}/)`, "Pages compose features."),
        no("^@/app/", "components never import app."),
        service,
      ],
    ),
  ),
  restrict(["app/**/*.{ts,tsx}"], [no("^@/lib/(db|ledger|cli|server|testing)/", "Call a service."), door("app")]),
];

const clock = [
  {
    selector: "CallExpression[callee.object.name='Date'][callee.property.name='now']",
    message: "Time is an argument here.",
  },
  { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: "Time is an argument here." },
  {
    selector: "CallExpression[callee.object.name='Math'][callee.property.name='random']",
    message: "Randomness is an argument here.",
  },
];
const environment = {
  selector: "MemberExpression[object.name='process'][property.name='env']",
  message: "Only lib/env reads the environment.",
};
const lazyService = {
  selector: "ImportExpression[source.value=/\\.server$/]",
  message: "Components never load a service.",
};

export default tseslint.config(
  {
    ignores: [
      "node_modules",
      "test-results",
      "playwright-report",
      ".next",
      "dist",
      ".data",
      "lib/db/generated",
      "next-env.d.ts",
      "public",
      "**/*.d.mts",
    ],
  },
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  ...next,
  {
    files: ["**/*.{ts,tsx}"],
    extends: [...tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/no-non-null-assertion": "error",
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-misused-promises": ["error", { checksVoidReturn: { attributes: false } }],
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/only-throw-error": "error",
      "@typescript-eslint/require-await": "off",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      "@typescript-eslint/ban-ts-comment": ["error", { "ts-expect-error": "allow-with-description" }],
      "no-console": "error",
      "max-lines": ["error", 400],
    },
  },
  {
    files: ["lib/**/*.ts", "app/**/*.{ts,tsx}"],
    ignores: ["**/*.test.{ts,tsx}", "lib/testing/**"],
    rules: { "max-lines-per-function": ["error", 60] },
  },
  { files: ["components/**/*.tsx", "app/**/*.tsx"], rules: { "max-lines-per-function": ["error", 120] } },
  ...boundaries,
  {
    files: ["**/*.{ts,tsx}"],
    ignores: [
      "lib/env/**",
      "lib/{kernel,quota,policy}/**",
      "components/**",
      "**/*.test.{ts,tsx}",
      "e2e/**",
      "lib/testing/**",
    ],
    rules: { "no-restricted-syntax": ["error", environment] },
  },
  {
    files: ["lib/{kernel,quota,policy}/**/*.ts"],
    ignores: ["**/*.test.ts", "**/*.bench.ts"],
    rules: { "no-restricted-syntax": ["error", environment, ...clock] },
  },
  { files: ["components/**/*.{ts,tsx}"], rules: { "no-restricted-syntax": ["error", environment, lazyService] } },
  {
    files: ["**/*.test.{ts,tsx}", "e2e/**/*.ts", "lib/testing/**/*.ts"],
    rules: { "@typescript-eslint/no-unsafe-assignment": "off", "@typescript-eslint/no-unsafe-member-access": "off" },
  },
);
