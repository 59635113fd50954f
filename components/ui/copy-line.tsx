import { CopyButton } from "./copy-button";

/** A URL or another long word of a machine, whole, with the button that copies it. */
export function CopyLine({ text, label }: { text: string; label: string }) {
  return (
    <span className="flex items-start gap-1">
      <code className="min-w-0 font-mono text-sm [overflow-wrap:anywhere]">{text}</code>
      <CopyButton text={text} label={label} />
    </span>
  );
}
