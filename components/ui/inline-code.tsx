import { Fragment } from "react";
import { visibleText } from "./visible-text";

/** A sentence of ours in which backticks mark code, such as a key's name. */
export function InlineCode({ text }: { text: string }) {
  return visibleText(text)
    .split("`")
    .map((part, index) =>
      index % 2 === 0 ? (
        <Fragment key={index}>{part}</Fragment>
      ) : (
        <code key={index} className="rounded-sm bg-sunken px-1 font-mono">
          {part}
        </code>
      ),
    );
}
