"use client";

import { EyeOff, ListX, Pencil, TriangleAlert } from "lucide-react";
import { useState } from "react";
import { Button } from "@/components/ui/button";
import { Input } from "@/components/ui/input";
import { PlainText } from "@/components/ui/plain-text";
import { Select, type Choice } from "@/components/ui/select";
import { StateChip } from "@/components/ui/state-chip";
import { Cell, HeadCell, Row, Table, TableBody, TableHead } from "@/components/ui/table";
import { visibleText } from "@/components/ui/visible-text";
import { toolCategories } from "@/lib/kernel/tool-class";
import type { ToolDto } from "@/lib/servers/schema";
import { OverrideDialog } from "./override-dialog";
import { categoryLooks, ToolClassChips } from "./tool-class";

const filterFrom = 8;
const anyCategory = "any";

interface Props {
  serverId: string;
  tools: readonly ToolDto[];
  /** Why this person may not set a tool's category, or its risk; null when they may. */
  categoryRefusal: string | null;
  riskRefusal: string | null;
}

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
          <span className="text-ink-faint">:{visibleText(parameter.type)}</span>
        </li>
      ))}
    </ul>
  );
}

/** The tools of a server: what each does, how risky it is and why; filter, and override by right. */
export function ServerTools({ serverId, tools, categoryRefusal, riskRefusal }: Props) {
  const [text, setText] = useState("");
  const [category, setCategory] = useState(anyCategory);
  const [changing, setChanging] = useState<ToolDto | null>(null);
  if (tools.length === 0) {
    return (
      <p className="flex flex-col items-center gap-2 px-4 py-10 text-center text-base text-ink-soft">
        <EyeOff aria-hidden className="size-5 text-ink-faint" strokeWidth={1.5} />
        No tools known yet. Scan the server to read its list.
      </p>
    );
  }
  const wanted = text.trim().toLowerCase();
  const shown = tools.filter(
    (tool) =>
      (category === anyCategory || tool.category === category) &&
      `${tool.name} ${tool.description}`.toLowerCase().includes(wanted),
  );
  return (
    <>
      {tools.length >= filterFrom ? (
        <div className="flex flex-wrap gap-2 border-b border-line px-4 py-2.5">
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
          <Select
            aria-label="Category"
            className="w-48"
            value={category}
            onChange={setCategory}
            choices={categoryChoices(tools)}
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
              setCategory(anyCategory);
            }}
          >
            Clear filter
          </button>
        </p>
      ) : (
        <ToolTable tools={shown} onChange={categoryRefusal === null ? setChanging : null} />
      )}
      {changing ? (
        <OverrideDialog
          serverId={serverId}
          tool={changing}
          riskRefusal={riskRefusal}
          onClose={() => {
            setChanging(null);
          }}
        />
      ) : null}
    </>
  );
}

function categoryChoices(tools: readonly ToolDto[]): Choice[] {
  const counted = toolCategories.map((value) => {
    const count = tools.filter((tool) => tool.category === value).length;
    return { value, label: `${categoryLooks[value].word} (${String(count)})` };
  });
  return [{ value: anyCategory, label: "Any category" }, ...counted];
}

interface TableProps {
  tools: readonly ToolDto[];
  /** Null: this person may not. */
  onChange: ((tool: ToolDto) => void) | null;
}

function ToolTable({ tools, onChange }: TableProps) {
  return (
    <Table label="Tools" className="rounded-t-none border-0">
      <TableHead>
        <HeadCell>Tool</HeadCell>
        <HeadCell className="sm:w-px">Category and risk</HeadCell>
        <HeadCell>What it does</HeadCell>
        <HeadCell>Arguments</HeadCell>
      </TableHead>
      <TableBody>
        {tools.map((tool) => (
          <Row key={tool.name}>
            <Cell label={null} className="sm:align-top">
              <span className="inline-flex flex-wrap items-center gap-2">
                <PlainText oneLine text={tool.name} className="font-mono font-medium" />
                {tool.gone ? <StateChip state="gone" /> : null}
                {tool.state === "changed" ? <StateChip state="quarantined" word="Changed" /> : null}
                {tool.state === "new" ? <StateChip state="quarantined" word="New" /> : null}
              </span>
              {tool.looksLike.length > 0 ? <LooksLike names={tool.looksLike} /> : null}
            </Cell>
            <Cell label="Category and risk" className="items-start sm:align-top">
              <span className="inline-flex items-center gap-1 sm:flex sm:justify-between">
                <ToolClassChips tool={tool} />
                {onChange ? (
                  <Button
                    size="icon"
                    look="ghost"
                    className="size-6"
                    aria-label={`Set category and risk of ${visibleText(tool.name)}`}
                    onClick={() => {
                      onChange(tool);
                    }}
                  >
                    <Pencil aria-hidden />
                  </Button>
                ) : null}
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
  );
}

/** Two tools that look alike are two tools all the same, which is how one is mistaken for the other. */
function LooksLike({ names }: { names: readonly string[] }) {
  return (
    <span className="mt-1 flex items-start gap-1 text-xs text-amber">
      <TriangleAlert aria-hidden className="mt-0.5 size-3.5 shrink-0" />
      <span className="min-w-0 [overflow-wrap:anywhere]">
        Looks like <span className="font-mono">{names.slice(0, 3).map(visibleText).join(", ")}</span>, but is another
        tool
      </span>
    </span>
  );
}
