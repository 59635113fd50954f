import { z } from "zod";
import { toolCategories, toolRisks, type ToolCategory, type ToolRisk } from "@/lib/kernel/tool-class";
import type { Evidence } from "./classify";
import type { ToolState } from "./tool-state";
import { variableRefusal } from "./stdio-rules";
import { settingsPatch, type ServerSettingsDto } from "./settings";

const headerName = z
  .string()
  .trim()
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/, "Not an HTTP header name")
  .refine(
    (name) =>
      !/^(host|connection|content-length|transfer-encoding|te|trailer|upgrade|keep-alive|cookie|proxy-.*|mcp-.*)$/i.test(
        name,
      ),
    {
      message: "This header is set by the gateway",
    },
  );

const secretValue = z
  .string()
  .min(1)
  .max(8192)
  .regex(/^[\t\x20-\x7e]+$/, "Printable ASCII only");

export const HeaderInput = z.strictObject({ name: headerName, value: secretValue });
export type HeaderInput = z.infer<typeof HeaderInput>;

/** An environment variable of a local process; it is kept like a header. */
export const VariableInput = z.strictObject({
  name: z
    .string()
    .trim()
    .refine((name) => variableRefusal(name) === null, { error: (issue) => variableRefusal(String(issue.input)) ?? "" }),
  value: secretValue,
});
export type VariableInput = z.infer<typeof VariableInput>;

const serverName = z.string().trim().min(1).max(80);
const webUrl = z.url({ protocol: /^https?$/ }).max(2048);
const plain = (max: number) =>
  z
    .string()
    .max(max)
    .refine((text) => !/[\0\p{Cs}]/u.test(text), { message: "Not a plain text" });
const command = plain(1024).trim().min(1, "Name the program");
const args = z.array(plain(4096)).max(64, "At most 64 arguments");

const WebServerInput = z.strictObject({
  name: serverName,
  /** Absent = `http`. */
  transport: z.enum(["http", "sse"]).optional(),
  url: webUrl,
  allowPrivateNetwork: z.boolean().default(false),
  headers: z.array(HeaderInput).max(20).default([]),
});

const LocalServerInput = z.strictObject({
  name: serverName,
  transport: z.literal("stdio"),
  command,
  args: args.default([]),
  headers: z.array(VariableInput).max(20).default([]),
});

export const ServerInput = z.discriminatedUnion("transport", [WebServerInput, LocalServerInput]);
export type ServerInput = z.infer<typeof ServerInput>;

export const ServerPatch = z.strictObject({
  name: serverName.optional(),
  transport: z.enum(["http", "sse", "stdio"]).optional(),
  url: webUrl.optional(),
  command: command.optional(),
  args: args.optional(),
  allowPrivateNetwork: z.boolean().optional(),
  enabled: z.boolean().optional(),
  ...settingsPatch,
});
export type ServerPatch = z.infer<typeof ServerPatch>;

/** What a person decides about a tool: a word, or null to go back to what its definition says. */
export const ToolOverride = z
  .strictObject({
    category: z.enum(toolCategories).nullable().optional(),
    risk: z.enum(toolRisks).nullable().optional(),
    reason: z.string().trim().min(1, "Say why").max(500),
  })
  .refine(({ category, risk }) => category !== undefined || risk !== undefined, { message: "Nothing to change" });
export type ToolOverride = z.infer<typeof ToolOverride>;

/** A server as pages see it: no secret, header names only. Dates are ISO 8601. */
export interface ServerDto {
  id: string;
  name: string;
  transport: "http" | "sse" | "stdio";
  /** `stdio:<command>` for a local process. */
  url: string;
  /** Null for a server that has a URL. */
  command: string | null;
  args: string[];
  enabled: boolean;
  allowPrivateNetwork: boolean;
  /** Headers; of a local process its environment variables. */
  headerNames: string[];
  toolCount: number;
  grantCount: number;
  lastScanAt: string | null;
  lastScanError: string | null;
  createdAt: string;
  /** `<PUBLIC_URL>/mcp/<id>` */
  mcpUrl: string;
  settings: ServerSettingsDto;
}

/** How a tool is classed. */
export interface ToolClassDto {
  name: string;
  /** What the gateway takes it for: what its definition says, with the overrides of people on top. */
  category: ToolCategory;
  risk: ToolRisk;
  /** What its definition alone says. */
  computed: { category: ToolCategory; risk: ToolRisk };
  overridden: { category: boolean; risk: boolean };
}

export interface ToolDto extends ToolClassDto {
  title: string | null;
  description: string;
  /** Names of the top-level arguments, required ones first. */
  parameters: { name: string; type: string; required: boolean; description: string }[];
  /** Why the definition says so. */
  evidence: Evidence[];
  /** The hints that the server publishes. */
  annotations: Record<string, boolean>;
  /** Listed tools of this server that differ from this one only by case, form or hidden characters. */
  looksLike: string[];
  state: ToolState;
  gone: boolean;
  lastSeenAt: string;
}
