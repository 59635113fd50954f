/** Characters that a person does not see and a model reads. */
export type HiddenCode = "tag_characters" | "bidi_control" | "zero_width" | "invisible" | "control" | "padding";

export interface HiddenText {
  code: HiddenCode;
  /** The characters with a little text around them, as they stand. */
  evidence: string;
  /** How many such characters the text holds. */
  count: number;
}

/** Flags of England, Scotland and Wales (UTS #51, annex C): the only use of tag characters that is shown as something. */
const tagFlags =
  /\u{1f3f4}(?:\u{e0067}\u{e0062}(?:\u{e0065}\u{e006e}\u{e0067}|\u{e0073}\u{e0063}\u{e0074}|\u{e0077}\u{e006c}\u{e0073}))\u{e007f}/gu;
/** Joiners between emoji, and variation selectors behind a character that has an emoji form. */
const emoji =
  /(?<=\p{ExtPict}\ufe0f?\p{EMod}?)\u200d(?=\p{ExtPict})|(?<=\p{ExtPict})[\ufe0e\ufe0f](?![\ufe00-\ufe0f])|(?<=[0-9#*])\ufe0f(?=\u20e3)/gu;
/** Joiners inside words of scripts that need them, and direction marks beside letters written from the right. */
const script =
  /(?<=[\p{Script=Arabic}\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Gurmukhi}\p{Script=Gujarati}\p{Script=Oriya}\p{Script=Tamil}\p{Script=Telugu}\p{Script=Kannada}\p{Script=Malayalam}\p{Script=Sinhala}\p{Script=Khmer}\p{Script=Mongolian}])[\u200c\u200d](?=\p{L})|(?<=[\p{Script=Arabic}\p{Script=Hebrew}][\s\p{P}]?)[\u200e\u200f\u061c]/gu;

const kinds: readonly (readonly [HiddenCode, RegExp])[] = [
  ["tag_characters", /[\u{e0000}-\u{e007f}]/gu],
  ["bidi_control", /[\u202a-\u202e\u2066-\u2069]/gu],
  ["zero_width", /[\u200b-\u200f\u061c\u2060-\u2064\u206a-\u206f\ufeff\u180e]/gu],
  [
    "invisible",
    /[\u{e0100}-\u{e01ef}\ufe00-\ufe0f\u00ad\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0\u2800\ufff9-\ufffb]/gu,
  ],
  ["control", /(?![\t\n\r])\p{Cc}|[\u2028\u2029]/gu],
  ["padding", /[^\S\n]{80,}|(?:[^\S\n]*\n){12,}/gu],
];

const around = 20;

/** What of a text is hidden from the eye, one entry per kind. Uses that scripts and emoji need do not count. */
export function findHidden(text: string): HiddenText[] {
  if (/^[\x21-\x7e]*(?: [\x21-\x7e]+)*$/.test(text)) return [];
  const rest = text.replace(tagFlags, "?").replace(emoji, "").replace(script, "");
  return kinds.flatMap(([code, pattern]) => {
    const found = [...rest.matchAll(pattern)];
    const first = found[0];
    if (!first) return [];
    const end = first.index + Math.min(first[0].length + 2 * around, 120);
    return [
      {
        code,
        evidence: rest.slice(Math.max(0, first.index - around), end).replace(/\p{Cs}/gu, ""),
        count: found.length,
      },
    ];
  });
}

/** The text as a model reads it that skips what is hidden: compatible forms, hidden characters out, white space as one blank, lower case. */
export function readableText(text: string): string {
  return text
    .normalize("NFKC")
    .replace(/[\p{Cf}\u{e0100}-\u{e01ef}\ufe00-\ufe0f\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0]/gu, "")
    .replace(/[\s\p{Cc}\u2800]+/gu, " ")
    .toLowerCase();
}

/** Text that is written in tag characters, as letters: what the model reads where a person sees nothing. */
export function readTagText(text: string): string {
  const tags = text.replace(tagFlags, "").match(/[\u{e0020}-\u{e007e}]/gu) ?? [];
  return tags.map((tag) => String.fromCodePoint((tag.codePointAt(0) ?? 0) - 0xe0000)).join("");
}
