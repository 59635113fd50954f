import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";

const css = readFileSync(path.resolve(import.meta.dirname, "../../app/globals.css"), "utf8");

function tokensOf(selector: string): Map<string, string> {
  const start = css.indexOf(`\n${selector} {`);
  const block = css.slice(start, css.indexOf("\n}", start));
  return new Map([...block.matchAll(/--([a-z-]+): (#[0-9a-f]{6});/g)].map((match) => [match[1] ?? "", match[2] ?? ""]));
}

function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5]
    .map((at) => parseInt(hex.slice(at, at + 2), 16) / 255)
    .map((value) => (value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [light = 0, dark = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

const toneNames = ["green", "red", "amber", "violet", "orange", "grey", "slate", "brown"];
const grounds = ["canvas", "surface", "raised", "sunken", "hover"];
const text: [string, string][] = [
  ...["ink", "ink-soft", "ink-faint", "accent", "red"].flatMap((front) =>
    grounds.map((ground): [string, string] => [front, ground]),
  ),
  ...toneNames.map((tone): [string, string] => [tone, `${tone}-soft`]),
  ["accent-ink", "accent"],
  ["accent-ink", "accent-strong"],
  ["danger-ink", "danger"],
  ["danger-ink", "danger-strong"],
  ["accent", "accent-soft"],
  ["ink", "accent-soft"],
  ["ink-soft", "red-soft"],
  ["ink", "amber-soft"],
];
const parts: [string, string][] = [
  ...["line-strong", ...toneNames.map((tone) => `${tone}-mark`)].flatMap((front) =>
    ["surface", "canvas"].map((ground): [string, string] => [front, ground]),
  ),
];

for (const theme of [":root", ".dark"]) {
  const tokens = tokensOf(theme);
  const pick = (name: string) => tokens.get(name) ?? "missing";
  test.each(text)(`text contrast is at least 4.5:1 in ${theme}: %s on %s`, (front, ground) => {
    expect(contrast(pick(front), pick(ground))).toBeGreaterThanOrEqual(4.5);
  });
  test.each(parts)(`controls and chart parts reach 3:1 in ${theme}: %s on %s`, (front, ground) => {
    expect(contrast(pick(front), pick(ground))).toBeGreaterThanOrEqual(3);
  });
}
