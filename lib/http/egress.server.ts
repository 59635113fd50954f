import "server-only";
import { lookup as systemLookup, type LookupAddress } from "node:dns";
import { isIP, type LookupFunction } from "node:net";
import { networkInterfaces } from "node:os";
import { Pool, buildConnector, type Dispatcher } from "undici";
import { env } from "@/lib/env/env.server";
import { AppError, isAppError } from "@/lib/kernel/errors";
import { singleton } from "@/lib/kernel/singleton";
import { isAllowed, judgeAddress, plainAddress } from "./address";
import { parseTarget, type Target as Parsed } from "./target";

/** Sockets per origin; the gateway admits at most 256 calls per server at once. */
const connectionsMax = 256;
/** Pools kept; the one unused for longest is closed first. */
const poolsMax = 512;
const connectTimeoutDefaultMs = 5000;
/** URLs whose parts are kept, and the longest of them. */
const routesMax = 512;
const routeLengthMax = 2_048;

/** Resolves a name to every address it has. */
export type Lookup = (hostname: string) => Promise<readonly LookupAddress[]>;

export interface EgressOptions {
  url: string | URL;
  method: Dispatcher.HttpMethod;
  headers: Record<string, string>;
  body?: Dispatcher.DispatchOptions["body"];
  /** Opens loopback, RFC 1918, unique local and 100.64/10 for this request; never link-local, never our own ports. */
  allowPrivateNetwork: boolean;
  /** Requests of different partitions share no connection: one server's hanging calls take no socket of another's. */
  partition?: string;
  /** PEM of the only authorities that the certificate may come from; absent or null = the public ones. */
  caPem?: string | null;
  signal?: AbortSignal;
  connectTimeoutMs?: number;
  headersTimeoutMs: number;
  bodyTimeoutMs: number;
}

/** The way out of this process: pooled connections whose address was judged before it was connected to. */
export interface Egress {
  check: (url: string | URL, options: { allowPrivateNetwork: boolean }) => Promise<void>;
  request: (options: EgressOptions) => Promise<Dispatcher.ResponseData>;
  blockPort: (port: number) => void;
  close: () => Promise<void>;
}

/** Makes an egress with its own pools; `lookup` is the system's resolver outside tests. */
export function createEgress(lookup: Lookup): Egress {
  const pools: Pools = new Map();
  const routes: Routes = { open: new Map(), closed: new Map() };
  const ports = new Set<number>();
  const judge: Judge = (address, port, allowPrivateNetwork) => {
    const verdict = judgeAddress(address);
    if (!isAllowed(verdict, allowPrivateNetwork)) throw blocked("address class");
    if (verdict === "private" && port === databasePort()) throw blocked("database port");
    if ((port === env().port || ports.has(port)) && isOwnAddress(address)) throw blocked("own port");
  };
  return {
    check: async (url, options) => check(toUrl(url), options.allowPrivateNetwork, lookup, judge),
    request: async (options) => {
      const { path, target } = routeOf(routes, options);
      return poolFor(pools, target, options, lookup, judge).request(requestOf(path, options));
    },
    blockPort: (port) => ports.add(port),
    close: async () => {
      await Promise.all([...pools.values()].map(({ pool }) => pool.destroy()));
      pools.clear();
    },
  };
}

function egress(): Egress {
  return singleton("egress", () => createEgress(lookupAll));
}

/**
 * Throws `address_blocked` when the URL may not be connected to: not https (http needs the private switch), user info or a
 * fragment, a literal or looked-up address that is not global unicast, or one of our own ports. A name that does not resolve
 * passes here and fails when it is connected to. Rule: each connection is judged again, by the address it really uses.
 */
export async function checkAddress(url: string | URL, options: { allowPrivateNetwork: boolean }): Promise<void> {
  await egress().check(url, options);
}

/**
 * One HTTP request over a keep-alive pool of its origin. The address judged is the address connected to, for literals and
 * look-ups. Redirects are not followed, proxy variables not read, nothing is retried, answers are not decompressed.
 * Throws `address_blocked` or `upstream_unreachable` when no byte was sent; other errors are undici's own.
 */
export function egressRequest(options: EgressOptions): Promise<Dispatcher.ResponseData> {
  return egress().request(options);
}

/** Closes a port of this machine to upstreams even with the private switch on: our listener's and our database's. */
export function blockEgressPort(port: number): void {
  egress().blockPort(port);
}

/** Ends all pooled connections; used on stop. */
export function closeEgress(): Promise<void> {
  return egress().close();
}

type Target = Extract<Parsed, { ok: true }>;
type Judge = (address: string, port: number, allowPrivateNetwork: boolean) => void;

async function check(url: URL, allowPrivateNetwork: boolean, lookup: Lookup, judge: Judge): Promise<void> {
  const target = readTarget(url, allowPrivateNetwork);
  if (isIP(target.hostname) !== 0) {
    judge(target.hostname, target.port, allowPrivateNetwork);
    return;
  }
  const addresses = await lookup(target.hostname).catch(() => []);
  for (const { address } of addresses) judge(address, target.port, allowPrivateNetwork);
}

function toUrl(url: string | URL): URL {
  const parsed = typeof url === "string" ? URL.parse(url) : url;
  if (!parsed) throw blocked("not a URL");
  return parsed;
}

function readTarget(url: URL, allowPrivateNetwork: boolean): Target {
  const target = parseTarget(url, allowPrivateNetwork);
  if (!target.ok) throw blocked(target.problem);
  return target;
}

interface Route {
  path: string;
  target: Target;
}

/** By the URL's text: with the private switch on, and without. */
interface Routes {
  open: Map<string, Route>;
  closed: Map<string, Route>;
}

/** Where a request goes. A text is parsed once: it says the same the next time, and addresses are judged when they are connected to. */
function routeOf({ open, closed }: Routes, { url: given, allowPrivateNetwork }: EgressOptions): Route {
  const kept = allowPrivateNetwork ? open : closed;
  const found = typeof given === "string" ? kept.get(given) : undefined;
  if (found) return found;
  const url = toUrl(given);
  const route = { path: url.pathname + url.search, target: readTarget(url, allowPrivateNetwork) };
  if (typeof given === "string" && given.length <= routeLengthMax) {
    if (kept.size >= routesMax) kept.clear();
    kept.set(given, route);
  }
  return route;
}

function requestOf(path: string, options: EgressOptions): Omit<Dispatcher.RequestOptions, "origin"> {
  return {
    path,
    method: options.method,
    headers: options.headers,
    body: options.body ?? null,
    signal: options.signal ?? null,
    headersTimeout: options.headersTimeoutMs,
    bodyTimeout: options.bodyTimeoutMs,
  };
}

interface Kept {
  pool: Pool;
  caPem: string | null;
}

type Pools = Map<string, Kept>;

function poolFor(pools: Pools, target: Target, options: EgressOptions, lookup: Lookup, judge: Judge): Pool {
  const timeoutMs = options.connectTimeoutMs ?? connectTimeoutDefaultMs;
  const { partition = "", caPem = null } = options;
  const key = `${target.origin} ${String(options.allowPrivateNetwork)} ${String(timeoutMs)} ${partition}`;
  const found = pools.get(key);
  if (found?.caPem === caPem) return found.pool;
  // Requests under way end on the old one; no new one trusts an authority that was taken away.
  void found?.pool.close();
  const judgeHere = (address: string) => {
    judge(address, target.port, options.allowPrivateNetwork);
  };
  const pool = new Pool(target.origin, {
    connections: connectionsMax,
    pipelining: 1,
    keepAliveTimeout: 30_000,
    connect: judgedConnector(timeoutMs, caPem, lookup, judgeHere),
  });
  pools.delete(key);
  pools.set(key, { pool, caPem });
  if (pools.size > poolsMax) closeOldest(pools);
  return pool;
}

function closeOldest(pools: Pools): void {
  const oldest = pools.entries().next();
  if (oldest.done) return;
  pools.delete(oldest.value[0]);
  void oldest.value[1].pool.close();
}

/** A connector that judges a literal host at once and a name by every address of the very look-up that is connected to. */
function judgedConnector(
  timeoutMs: number,
  caPem: string | null,
  lookup: Lookup,
  judge: (address: string) => void,
): buildConnector.connector {
  const pinned: LookupFunction = (hostname, options, answer) => {
    // Without the dot of an absolute name, as it was looked up when it was saved.
    judgedLookup(hostname.replace(/\.$/, ""), lookup, judge).then(
      ([first, ...others]) => {
        if (options.all) answer(null, [first, ...others]);
        else answer(null, first.address, first.family);
      },
      (error: unknown) => {
        answer(error as Error, []);
      },
    );
  };
  const connect = buildConnector({
    timeout: timeoutMs,
    lookup: pinned,
    autoSelectFamily: true,
    // Said here, so that neither a variable of the environment nor a flag of node can weaken it.
    minVersion: "TLSv1.2",
    rejectUnauthorized: true,
    ...(caPem === null ? {} : { ca: caPem }),
  });
  return (options, callback) => {
    try {
      if (isIP(options.hostname) !== 0) judge(options.hostname);
    } catch (error) {
      callback(error as Error, null);
      return;
    }
    connect(options, (...result) => {
      if (result[0]) callback(unreachable(result[0]), null);
      else callback(...result);
    });
  };
}

async function judgedLookup(hostname: string, lookup: Lookup, judge: (address: string) => void) {
  const [first, ...others] = await lookup(hostname);
  if (!first) throw new AppError("upstream_unreachable", { detail: "the name has no address" });
  for (const { address } of [first, ...others]) judge(address);
  return [first, ...others] as const;
}

function lookupAll(hostname: string): Promise<readonly LookupAddress[]> {
  return new Promise((resolve, reject) => {
    systemLookup(hostname, { all: true, order: "verbatim" }, (error, addresses) => {
      if (error) reject(error);
      else resolve(addresses);
    });
  });
}

function blocked(detail: string): AppError {
  return new AppError("address_blocked", { detail });
}

function unreachable(error: Error): Error {
  return isAppError(error) ? error : new AppError("upstream_unreachable", { detail: error.message, cause: error });
}

function databasePort(): number | null {
  const url = env().databaseUrl;
  return url ? Number(URL.parse(url)?.port) || 5432 : null;
}

function isOwnAddress(text: string): boolean {
  const plain = plainAddress(text) ?? "";
  if (plain === "::1" || plain.startsWith("127.")) return true;
  return Object.values(networkInterfaces()).some((list) => list?.some((item) => item.address === plain));
}
