const codes = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;

export type Colour = keyof typeof codes;
/** Colours a text for a terminal, or leaves it as it is where there is none. */
export type Paint = (colour: Colour, text: string) => string;

export const plain: Paint = (_, text) => text;

/** A painter for a terminal that shows colours, or for one that does not. */
export function paintFor(hasColours: boolean): Paint {
  return hasColours ? (colour, text) => `\u001b[${codes[colour]}m${text}\u001b[0m` : plain;
}

/** A text of somebody else's (a tool name, a server's answer) without what could steer a terminal. */
export function harmless(text: string): string {
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, "�");
}
