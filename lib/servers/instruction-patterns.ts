/** What the wording of a definition may show. */
export type InstructionCode =
  | "overrides_instructions"
  | "keeps_from_user"
  | "prompt_markup"
  | "active_markup"
  | "secret_place"
  | "asks_for_secret"
  | "asks_for_conversation"
  | "sends_elsewhere"
  | "orders_about_tools"
  | "no_consent";

export interface InstructionPattern {
  readonly code: InstructionCode;
  readonly severity: "danger" | "notice";
  /** For text in lower case whose white space is single blanks. */
  readonly pattern: RegExp;
  readonly message: string;
}

const secretWords =
  "(?:passwords?|passphrases?|api[ _-]?keys?|access[ _-]?tokens?|secrets?|credentials?|env(?:ironment)? (?:variables?|vars?))";
const heavySecretWords =
  "(?:private keys?|ssh keys?|seed phrases?|recovery phrases?|mnemonics?|session cookies?|(?:credit )?card numbers?|cvv|one-time codes?)";
const handing =
  "(?:pass|include|send|provide|put|add|append|read|copy|paste|attach|supply|give|insert|write|return|get|collect|share|forward|extract)";

/**
 * Wording that tells an agent more than what the tool does. A short list on purpose: it finds the known ways, not every way, and
 * the honest tool that reads alike is only looked at once. `danger` keeps a definition out of a list that is accepted as a whole.
 */
export const instructionPatterns: readonly InstructionPattern[] = [
  {
    code: "overrides_instructions",
    severity: "danger",
    pattern:
      /\b(?:ignore|disregard|forget|override|bypass)\b.{0,30}\b(?:previous|prior|above|earlier|other|all|any|your|system|the user'?s?)\b.{0,30}\b(?:instructions?|prompts?|rules?|guidelines?|messages?|directions?|restrictions?|polic(?:y|ies))\b|\byou are (?:now|no longer) |\bnew (?:system )?instructions? ?:|\bdeveloper mode\b|\bjailbreak\b/,
    message: "Tells the agent to put its instructions aside.",
  },
  {
    code: "keeps_from_user",
    severity: "danger",
    pattern:
      /\b(?:do not|don'?t|never|must not|should not|without|avoid)\b.{0,25}\b(?:tell(?:ing)?|mention(?:ing)?|inform(?:ing)?|reveal(?:ing)?|disclos(?:e|ing)|notify(?:ing)?|alert(?:ing)?|explain(?:ing)?)\b.{0,40}\b(?:users?|humans?|person|people|anyone|anybody|operator|customer|them)\b|\b(?:hide|conceal|keep)\b.{0,30}\bfrom (?:the )?(?:user|human|operator|customer)s?\b|\b(?:silently|secretly)\b/,
    message: "Asks the agent to keep something from the person.",
  },
  {
    code: "prompt_markup",
    severity: "danger",
    pattern:
      /<\/? ?(?:important|system|instructions?|hidden|secret|critical|assistant|prompt|sys|admin|attention)\b[^<>]{0,40}>|\[\/?(?:inst|system)\]|<\|[a-z_]{2,20}\|>|#{2,} ?(?:system|instructions?|important)\b ?:?|(?:^| )(?:human|assistant|system) ?: /,
    message: "Carries mark-up of a prompt, which a model may take for an order.",
  },
  {
    code: "active_markup",
    severity: "danger",
    pattern:
      /<(?:script|iframe|img|svg|object|embed|link|style|base|form|meta)\b|<!--|\bjavascript:|!\[[^\]]{0,200}\]\(|\bdata:text\/html/,
    message: "Carries mark-up that a page could run or load.",
  },
  {
    code: "secret_place",
    severity: "danger",
    pattern:
      /(?:^|[^a-z0-9])(?:\.ssh|\.aws|\.gnupg|\.kube|\.netrc|\.npmrc|\.pypirc|\.git-credentials|\.env|\.docker\/config|\.config\/gcloud|\.cursor\/mcp)(?![a-z0-9])|\bid_(?:rsa|ed25519|ecdsa|dsa)\b|\/etc\/(?:passwd|shadow)\b|\bmcp\.json\b|\bclaude_desktop_config\b|\bauthorized_keys\b|\bwallet\.dat\b|\.(?:pem|ppk|keystore)\b/,
    message: "Names a place where secrets are kept.",
  },
  {
    code: "asks_for_secret",
    severity: "danger",
    pattern: new RegExp(`\\b${handing}\\b.{0,60}\\b${heavySecretWords}`),
    message: "Asks for something that no tool should be handed.",
  },
  {
    code: "asks_for_secret",
    severity: "notice",
    pattern: new RegExp(`\\b${handing}\\b.{0,40}\\b${secretWords}`),
    message: "Speaks of handing over a credential.",
  },
  {
    code: "asks_for_conversation",
    severity: "danger",
    pattern:
      /\b(?:pass|include|send|provide|put|add|append|copy|paste|attach|summari[sz]e|write|share|forward|repeat)\b.{0,60}\b(?:system prompt|(?:full|entire|whole|complete|previous|prior|chat|our) (?:conversation|chat|context|history|messages?)|conversation history|chat history|other tools'? (?:names|descriptions|definitions))\b/,
    message: "Asks the agent to hand over its conversation or its instructions.",
  },
  {
    code: "sends_elsewhere",
    severity: "danger",
    pattern:
      /https?:\/\/[^\s"'<>]{0,200}[?&=][^\s"'<>]{0,100}(?:\{\{?|\$\{|<|\[|%7b)(?:[a-z_ ]{0,20})(?:data|content|conversation|history|secret|token|key|password|message|file|result|output|context|prompt)|\b(?:bcc|cc|blind copy)\b.{0,60}[\w.+-]+@[\w-]+\.[a-z]{2,}|\b(?:exfiltrate|leak)\b/,
    message: "Would carry data to an address that stands in the definition.",
  },
  {
    code: "sends_elsewhere",
    severity: "notice",
    pattern: /\b(?:send|post|upload|forward|transmit|report|copy)\b.{0,60}(?:https?:\/\/|[\w.+-]+@[\w-]+\.[a-z]{2,})/,
    message: "Speaks of sending to an address that stands in the definition.",
  },
  {
    code: "orders_about_tools",
    severity: "notice",
    pattern:
      /\b(?:before|prior to|after|when|whenever|every time|each time)\b.{0,20}\b(?:using|calling|invoking|running|you (?:use|call|invoke|run))\b.{0,40}\btools?\b|\b(?:always|must)\b.{0,20}\b(?:call|use|invoke|run)\b.{0,40}\b(?:first|instead|before)\b|\b(?:instead of|rather than|never use|do not use|don'?t use)\b.{0,40}\btools?\b/,
    message: "Gives orders about how tools are used.",
  },
  {
    code: "no_consent",
    severity: "notice",
    pattern: /\bwithout (?:asking|confirming|confirmation|permission|approval|consent|prompting)\b/,
    message: "Speaks of acting without asking.",
  },
];
