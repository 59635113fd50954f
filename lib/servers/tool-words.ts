import type { ToolCategory } from "@/lib/kernel/tool-class";

/** A verb in the name of a tool. `sure` verbs are never nouns in such names, so they count wherever they stand. */
export interface Verb {
  readonly category: ToolCategory;
  readonly sure: boolean;
}

interface Row {
  readonly sure: string;
  /** Also nouns or adjectives (`get_charge`, `list_runs`): verbs only where a verb is expected. */
  readonly unsure: string;
}

const rows: Readonly<Record<ToolCategory, Row>> = {
  read: {
    sure: "get fetch find retrieve describe show lookup inspect browse whoami",
    unsure: `list read search query view check count compare diff validate verify preview estimate calculate measure
      download export summarize summarise analyze analyse scan tail head stat grep glob ls cat ping peek explain wait
      discover suggest`,
  },
  write: {
    sure: `create add insert upsert write edit modify update send upload rename assign unassign publish replace append
      save invite subscribe unsubscribe upgrade downgrade submit schedule reschedule enable attach register approve`,
    unsure: `set put post patch change move copy comment reply tag label mark merge import push commit fork join leave
      pin unpin star unstar react close reopen open lock unlock transition request review report draft note follow like
      share sync convert click type fill press hover drag select navigate scroll respond notify message email resolve
      complete finish make manage handle configure connect disconnect link restore rotate stage stash rebase checkout
      grant generate new sign enroll bookmark track log`,
  },
  execute: {
    sure: "exec execute eval evaluate invoke deploy redeploy spawn relaunch rerun reboot restart provision sudo",
    unsure: `run launch dispatch trigger start stop pause resume call shell bash powershell terminal repl python
      javascript sql apply install build compile rollback migrate ssh replay cli`,
  },
  destructive: {
    sure: `delete destroy purge truncate terminate revoke wipe erase drop cancel uninstall remove rm rmdir unlink shred
      nuke kill deprovision decommission deactivate discard evict expunge void unpublish`,
    unsure: "archive clear reset flush prune abort ban kick suspend disable expire detach del overwrite shutdown",
  },
  financial: {
    sure: "pay reimburse disburse remit repay prepay withdraw donate",
    unsure: `refund charge payout transfer deposit purchase buy sell trade bid order wire debit credit settle topup`,
  },
};

/** Verbs by word. */
export const verbs: ReadonlyMap<string, Verb> = new Map<string, Verb>(
  Object.entries(rows).flatMap(([category, { sure, unsure }]) => [
    ...split(unsure).map((word) => [word, { category: category as ToolCategory, sure: false }] as const),
    ...split(sure).map((word) => [word, { category: category as ToolCategory, sure: true }] as const),
  ]),
);

/** Things that are money: what is done to them, other than reading, is financial. */
export const moneyNouns: ReadonlySet<string> = new Set(
  split(`refund charge payment payout transfer invoice payroll withdrawal deposit purchase disbursement remittance fund
    money wallet bill billing salary cash usdc usdt eth btc crypto dispute balance debit credit`),
);

/** Places where text becomes action: writing to them is executing. */
export const commandNouns: ReadonlySet<string> = new Set(split("shell terminal console sql command repl bash"));

/** Last words of names without a verb that only look at something. */
export const viewNouns: ReadonlySet<string> = new Set(
  split("info stats statistics tree diff logs history health version screenshot snapshot metrics overview summary"),
);

export interface Phrase {
  readonly category: ToolCategory;
  readonly first: ReadonlySet<string>;
  readonly then: ReadonlySet<string>;
  /** Words that may stand between the two. */
  readonly gap: number;
  /** What it means, as evidence. */
  readonly text: string;
}

const phrase = (category: ToolCategory, first: string, then: string, gap: number, text: string): Phrase => ({
  category,
  first: new Set(split(first)),
  then: new Set(split(then)),
  gap,
  text,
});

const order = "an order or a payment";

/** Two words that together say more than either. */
export const phrases: readonly Phrase[] = [
  phrase(
    "execute",
    "api http https graphql rest raw",
    "request call query mutation",
    0,
    "a request of the caller's own making",
  ),
  phrase("financial", "place create submit confirm capture new", "order", 3, order),
  phrase("financial", "send sign submit broadcast create approve execute", "transaction", 3, order),
  phrase("financial", "capture", "authorization intent charge payment", 3, order),
  phrase("financial", "create new", "checkout", 3, order),
  phrase("read", "git", "status log", 0, "a command that only looks"),
];

/** Pairs of words that are one noun although the second is also a verb. */
export const nounPairs: readonly (readonly [string, string])[] = [
  ["pull", "request"],
  ["merge", "request"],
];

/** Arguments whose text is run. */
export const commandArguments: ReadonlySet<string> = new Set(
  split(
    "sql statement statements command commands cmd shell_command shell script bash javascript graphql mutation argv",
  ),
);

/** Methods of HTTP: a tool that lets the agent choose one sends requests of its own making. */
export const httpMethods: ReadonlySet<string> = new Set(split("get head post put patch delete options"));

/** Arguments that choose what a tool with many uses does. */
export const choiceArguments: ReadonlySet<string> = new Set(
  split("action operation op method verb command subcommand"),
);

function split(words: string): string[] {
  return words.trim().split(/\s+/);
}

/**
 * The words of a name in lower case: parts of snake, kebab, dotted and camel case. Hidden characters are dropped and wide
 * forms made plain first, so that they cannot cut a word in two.
 */
export function wordsOf(name: string): string[] {
  return plainForm(name)
    .replace(/([\p{Ll}\p{N}])(\p{Lu})/gu, "$1 $2")
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, "$1 $2")
    .toLowerCase()
    .split(/[^\p{L}\p{M}\p{N}]+/u)
    .filter((word) => word !== "");
}

/** The name without hidden characters, in its compatible form (NFKC). */
export function plainForm(name: string): string {
  if (/^[\x20-\x7e]*$/.test(name)) return name;
  return name.normalize("NFKC").replace(/[\p{Cf}\p{Cc}\u115f\u1160\u3164\uffa0]/gu, "");
}

/** A plural's singular; the word itself when it is none. */
export function singularOf(word: string): string {
  if (word.length < 4 || word.endsWith("ss") || !word.endsWith("s")) return word;
  return word.endsWith("ies") ? `${word.slice(0, -3)}y` : word.slice(0, -1);
}
