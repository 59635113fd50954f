import { cn } from "./cn";
import { CopyButton } from "./copy-button";

interface Props {
  title: string;
  text: string;
  /** Prose is broken into lines; code scrolls sideways. */
  wrap?: boolean;
  className?: string;
}

/** Text to copy, in one box that scrolls by itself. */
export function CodeBlock({ title, text, wrap = false, className }: Props) {
  return (
    <div className={cn("min-w-0 overflow-hidden rounded-md border border-line", className)}>
      <div className="flex h-8 items-center justify-between gap-2 border-b border-line bg-sunken pr-1 pl-3 text-sm text-ink-soft touch:h-12">
        <span className="truncate">{title}</span>
        <CopyButton text={text} label={`Copy: ${title}`} className="size-7 touch:size-11" />
      </div>
      <pre
        tabIndex={0}
        role="region"
        aria-label={title}
        className={cn(
          "max-h-72 overflow-auto px-3 py-2.5 font-mono text-sm -outline-offset-2",
          wrap && "whitespace-pre-wrap [overflow-wrap:anywhere]",
        )}
      >
        {text}
      </pre>
    </div>
  );
}
