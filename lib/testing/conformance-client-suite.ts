import { spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { startClientUnderTest } from "./conformance-client";
import { suiteNode, suiteScript, type Revision } from "./conformance-suite";

/** How one scenario of the suite's client mode came out for our upstream client. */
export interface ClientResult {
  name: string;
  revision: Revision | "2025-03-26";
  /** Checks by how they ended. */
  passed: number;
  failed: number;
  warnings: number;
  /** Failed and warned checks, a line each. */
  problems: string[];
  /** What the client said; shown when something failed. */
  said: string;
}

const both = [
  "auth/metadata-default",
  "auth/metadata-var1",
  "auth/metadata-var2",
  "auth/metadata-var3",
  "auth/basic-cimd",
  "auth/scope-from-www-authenticate",
  "auth/scope-from-scopes-supported",
  "auth/scope-omitted-when-undefined",
  "auth/scope-step-up",
  "auth/scope-retry-limit",
  "auth/token-endpoint-auth-basic",
  "auth/token-endpoint-auth-post",
  "auth/token-endpoint-auth-none",
  "auth/pre-registration",
];
const modern = [
  "auth/resource-mismatch",
  "auth/offline-access-scope",
  "auth/offline-access-not-supported",
  "auth/authorization-server-migration",
  "auth/iss-supported",
  "auth/iss-not-advertised",
  "auth/iss-supported-missing",
  "auth/iss-wrong-issuer",
  "auth/iss-unexpected",
  "auth/iss-normalized",
  "auth/metadata-issuer-mismatch",
];

/** The scenarios that judge our upstream client, each at the revisions that require it. */
export const clientScenarios: readonly { name: string; revision: ClientResult["revision"] }[] = [
  ...both.map((name) => ({ name, revision: "2025-11-25" as const })),
  ...both.map((name) => ({ name, revision: "2026-07-28" as const })),
  ...modern.map((name) => ({ name, revision: "2026-07-28" as const })),
  { name: "auth/2025-03-26-oauth-metadata-backcompat", revision: "2025-03-26" },
];

/** Scenarios of the suite that are not run, with the reason. */
export const clientScenariosLeftOut: Readonly<Record<string, string>> = {
  "auth/2025-03-26-oauth-endpoint-fallback":
    "an authorisation server without metadata cannot say that it takes PKCE with S256; the gateway then stops",
  "auth/client-credentials-jwt": "an extension: the gateway acts for an admin who signed in, never by itself",
  "auth/client-credentials-basic": "an extension: the gateway acts for an admin who signed in, never by itself",
  "auth/enterprise-managed-authorization": "an extension: needs an identity provider that vouches for people",
  "auth/dpop": "an extension: only Bearer tokens are taken",
  "auth/dpop-nonce": "an extension: only Bearer tokens are taken",
  "auth/wif-jwt-bearer": "an extension: the gateway acts for an admin who signed in, never by itself",
};

const atOnce = 3;

/** Runs the suite's `auth/*` client scenarios (all, or those whose name holds `only`) against our upstream client. */
export async function runClientScenarios(only = ""): Promise<ClientResult[]> {
  const client = await startClientUnderTest();
  try {
    const left = clientScenarios.filter(({ name }) => name.includes(only));
    const results: ClientResult[] = [];
    const worker = async () => {
      for (let next = left.shift(); next; next = left.shift()) results.push(await runOne(client.control, next));
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
    return results.sort((a, b) => `${a.revision} ${a.name}`.localeCompare(`${b.revision} ${b.name}`));
  } finally {
    await client.close();
  }
}

/** What came of the client scenarios, a line each for what failed; a scenario counts as one test. */
export function judgeClient(results: readonly ClientResult[]): { passed: number; failed: number; problems: string[] } {
  const failed = results.filter((result) => result.failed > 0 || result.passed === 0);
  return {
    passed: results.length - failed.length,
    failed: failed.length,
    problems: failed.map(({ name, revision, problems }) => `client ${revision} ${name}: ${problems.join("; ")}`),
  };
}

interface Check {
  id: string;
  status: string;
  errorMessage?: string;
  description?: string;
}

async function runOne(control: string, { name, revision }: (typeof clientScenarios)[number]): Promise<ClientResult> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "policylayer-suite-"));
  try {
    const command = `${process.execPath} ${path.join(import.meta.dirname, "conformance-client-run.mjs")} ${control}`;
    const args = ["client", "--command", command, "--scenario", name, "--spec-version", revision, "-o", folder];
    await runNode([suiteScript, ...args]);
    const [made] = await readdir(folder, { recursive: true }).then((all) =>
      all.filter((file) => /checks\.json$/.test(file)),
    );
    if (made === undefined) throw new Error(`The suite left no result for ${name}.`);
    const checks = JSON.parse(await readFile(path.join(folder, made), "utf8")) as Check[];
    const said = await readFile(path.join(folder, path.dirname(made), "stdout.txt"), "utf8").catch(() => "");
    return { name, revision, said, ...toCounts(checks) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function toCounts(checks: readonly Check[]): Pick<ClientResult, "passed" | "failed" | "warnings" | "problems"> {
  const of = (status: string) => checks.filter((check) => check.status === status);
  const bad = [...of("FAILURE"), ...of("WARNING")];
  return {
    passed: of("SUCCESS").length,
    failed: of("FAILURE").length,
    warnings: of("WARNING").length,
    problems: bad.map(
      ({ id, status, errorMessage, description }) => `${id} ${status}: ${errorMessage ?? description ?? ""}`,
    ),
  };
}

function runNode(args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(suiteNode, args, { stdio: "ignore" });
    child.once("error", reject);
    child.once("close", () => {
      resolve();
    });
  });
}
