import { foldKey } from "@/lib/kernel/fold";
import { plainForm } from "./tool-words";

/** Letters of other scripts that are drawn like Latin ones, a small part of the table of UTS #39. */
const drawnAlike: Readonly<Record<string, string>> = {
  а: "a",
  в: "b",
  с: "c",
  ԁ: "d",
  е: "e",
  ғ: "f",
  һ: "h",
  і: "i",
  ј: "j",
  к: "k",
  ӏ: "l",
  м: "m",
  н: "h",
  о: "o",
  р: "p",
  ԛ: "q",
  ѕ: "s",
  т: "t",
  ц: "u",
  ѵ: "v",
  ԝ: "w",
  х: "x",
  у: "y",
  ɡ: "g",
  ɑ: "a",
  ı: "i",
  ɩ: "i",
  ʟ: "l",
  α: "a",
  β: "b",
  γ: "y",
  ε: "e",
  η: "n",
  ι: "i",
  κ: "k",
  ν: "v",
  ο: "o",
  ρ: "p",
  σ: "o",
  τ: "t",
  υ: "u",
  χ: "x",
  ω: "w",
  օ: "o",
  ս: "u",
  հ: "h",
  ո: "n",
  ց: "g",
  ե: "e",
  ⅼ: "l",
  "‐": "-",
  "‑": "-",
  "–": "-",
  "−": "-",
  "․": ".",
};

/** Two names with one skeleton can be mistaken for one another: by case, form, hidden characters, other scripts' letters, or 0/o and 1/l. */
export function nameSkeleton(name: string): string {
  const folded = foldKey(plainForm(name).trim()).normalize("NFKD").replace(/\p{M}/gu, "");
  return [...folded]
    .map((letter) => drawnAlike[letter] ?? letter)
    .join("")
    .replaceAll("0", "o")
    .replace(/[1|]/g, "l");
}
