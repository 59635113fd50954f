import { InlineCode } from "@/components/ui/inline-code";

/** What changed, a sentence each. */
export function ChangeWords({ changes }: { changes: readonly string[] }) {
  if (changes.length === 0) {
    return <p className="text-sm text-ink-soft">Nothing that a call could notice: the meaning is the same.</p>;
  }
  return (
    <ul className="list-disc space-y-1 pl-5 text-sm marker:text-ink-faint">
      {changes.map((change, index) => (
        <li key={`${String(index)} ${change}`} className="[overflow-wrap:anywhere]">
          <InlineCode text={change} />
        </li>
      ))}
    </ul>
  );
}
