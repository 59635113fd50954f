"use client";

import { useState } from "react";
import { EyeOff, ListX } from "lucide-react";
import { Input } from "@/components/ui/input";
import { PlainText } from "@/components/ui/plain-text";
import { StateChip } from "@/components/ui/state-chip";
import { Cell, HeadCell, Row, Table, TableBody, TableHead } from "@/components/ui/table";
import type { ToolDto } from "@/lib/servers/schema";

const filterFrom = 8;

function Parameters({ tool }: { tool: ToolDto }) {
  if (tool.parameters.length === 0) return <span className="text-ink-faint">none</span>;
  return (
    <ul className="flex flex-wrap gap-x-2 gap-y-0.5 font-mono max-sm:justify-end">
      {tool.parameters.map((parameter) => (
        <li key={parameter.name} title={parameter.description || undefined}>
          <PlainText text={parameter.name} />
          {parameter.required ? (
            <span className="text-red" title="required">
              *<span className="sr-only"> required</span>
            </span>
          ) : null}
          <span className="text-ink-faint">:{parameter.type}</span>
        </li>
      ))}
    </ul>
  );
}

export function ServerTools({ tools }: { tools: readonly ToolDto[] }) {
  const [text, setText] = useState("");
  if (tools.length === 0) {
    return (
      <p className="flex flex-col items-center gap-2 px-4 py-10 text-center text-base text-ink-soft">
        <EyeOff aria-hidden className="size-5 text-ink-faint" strokeWidth={1.5} />
        No tools known yet. Scan the server to read its list.
      </p>
    );
  }
  const wanted = text.trim().toLowerCase();
  const shown = tools.filter((tool) => `${tool.name} ${tool.description}`.toLowerCase().includes(wanted));
  return (
    <>
      {tools.length >= filterFrom ? (
        <div className="border-b border-line px-4 py-2.5">
          <Input
            type="search"
            aria-label="Filter tools"
            placeholder="Filter tools"
            className="max-w-72"
            value={text}
            onChange={(event) => {
              setText(event.target.value);
            }}
          />
        </div>
      ) : null}
      {shown.length === 0 ? (
        <p className="flex flex-col items-center gap-2 px-4 py-10 text-center text-base text-ink-soft">
          <ListX aria-hidden className="size-5 text-ink-faint" strokeWidth={1.5} />
          No tool matches this filter.
          <button
            type="button"
            className="text-accent underline underline-offset-2"
            onClick={() => {
              setText("");
            }}
          >
            Clear filter
          </button>
        </p>
      ) : (
        <Table label="Tools" className="rounded-t-none border-0">
          <TableHead>
            <HeadCell>Tool</HeadCell>
            <HeadCell>What it does</HeadCell>
            <HeadCell>Arguments</HeadCell>
          </TableHead>
          <TableBody>
            {shown.map((tool) => (
              <Row key={tool.name}>
                <Cell label={null} className="sm:align-top">
                  <span className="inline-flex flex-wrap items-center gap-2">
                    <PlainText oneLine text={tool.name} className="font-mono font-medium" />
                    {tool.gone ? <StateChip state="gone" /> : null}
                  </span>
                </Cell>
                <Cell label={null} className="text-ink-soft sm:min-w-56 sm:align-top">
                  <PlainText text={tool.description || "No description"} />
                </Cell>
                <Cell label="Arguments" className="items-start sm:align-top">
                  <Parameters tool={tool} />
                </Cell>
              </Row>
            ))}
          </TableBody>
        </Table>
      )}
    </>
  );
}
