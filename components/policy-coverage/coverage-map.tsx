"use client";

import { Download, FileCode2, ListX, Plug } from "lucide-react";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { parseAsInteger, parseAsString, parseAsStringLiteral, useQueryStates } from "nuqs";
import { Button } from "@/components/ui/button";
import { EmptyState } from "@/components/ui/empty-state";
import { Input } from "@/components/ui/input";
import { fileName, saveFile } from "@/components/ui/save-file";
import { Select } from "@/components/ui/select";
import type { CoverageDto } from "@/lib/policies/schema";
import { coverageCsv } from "./coverage-csv";
import { countsOf, rowsFor, showLabels, showWords, type ShowWord } from "./coverage-rows";
import { CoverageTable } from "./coverage-table";
import { RuleTable } from "./rule-table";

interface Props {
  policy: { id: string; name: string; liveVersion: number | null };
  coverage: CoverageDto;
}

const pageSize = 50;
const ranges = [7, 30, 90] as const;

const parsers = {
  show: parseAsStringLiteral(showWords).withDefault("all"),
  tool: parseAsString.withDefault(""),
  page: parseAsInteger.withDefault(1),
};

/** Which tool meets which rule of the live version, and what the log says of it. */
export function CoverageMap({ policy, coverage }: Props) {
  const [{ show, tool, page }, setView] = useQueryStates(parsers);
  const { tools, rules, days } = coverage;
  if (tools.length === 0 && rules.length === 0) return <Nothing policy={policy} />;
  const rows = rowsFor(tools, show, tool);
  const pages = Math.max(1, Math.ceil(rows.length / pageSize));
  const at = Math.min(Math.max(page, 1), pages);
  return (
    <div className="grid grid-cols-1 gap-4">
      <div className="flex flex-wrap items-center gap-2">
        <Filters counts={countsOf(tools)} show={show} onShow={(next) => void setView({ show: next, page: null })} />
        <Input
          type="search"
          aria-label="Tool"
          placeholder="Tool"
          className="sm:w-48"
          value={tool}
          onChange={(event) => {
            void setView({ tool: event.target.value, page: null });
          }}
        />
        <Range days={days} policyId={policy.id} />
        <Button
          className="sm:ml-auto"
          onClick={() => {
            saveFile(fileName(`${policy.name} coverage`, "csv"), coverageCsv(rows), "text/csv;charset=utf-8");
          }}
        >
          <Download aria-hidden /> Export CSV
        </Button>
      </div>
      {tools.length === 0 ? (
        <EmptyState icon={Plug}>
          No tool is known: attach the policy to a grant, or let an agent call. The rules stand below.
        </EmptyState>
      ) : rows.length === 0 ? (
        <EmptyState
          icon={ListX}
          action={<Button onClick={() => void setView({ show: null, tool: null, page: null })}>Clear filters</Button>}
        >
          No tool matches these filters.
        </EmptyState>
      ) : (
        <>
          <CoverageTable rows={rows.slice((at - 1) * pageSize, at * pageSize)} days={days} />
          {pages > 1 ? <Pager at={at} pages={pages} onGo={(next) => void setView({ page: next })} /> : null}
        </>
      )}
      <RuleTable rules={rules} days={days} />
    </div>
  );
}

interface FilterProps {
  counts: Readonly<Record<ShowWord, number>>;
  show: ShowWord;
  onShow: (show: ShowWord) => void;
}

function Filters({ counts, show, onShow }: FilterProps) {
  return (
    <div role="group" aria-label="Show tools" className="flex flex-wrap gap-1.5">
      {showWords.map((word) => (
        <Button
          key={word}
          size="sm"
          aria-pressed={word === show}
          className="aria-pressed:border-accent aria-pressed:bg-accent-soft"
          onClick={() => {
            onShow(word);
          }}
        >
          {showLabels[word]} <span className="num text-ink-soft">{counts[word].toLocaleString("en")}</span>
        </Button>
      ))}
    </div>
  );
}

/** The range is read by the server, so that it is part of the page's address. */
function Range({ days, policyId }: { days: number; policyId: string }) {
  const router = useRouter();
  const known = ranges.find((range) => range === days);
  return (
    <Select
      aria-label="Range"
      className="w-36"
      value={String(days)}
      choices={[...(known ? [] : [days]), ...ranges].map((range) => ({
        value: String(range),
        label: `Last ${String(range)} days`,
      }))}
      onChange={(next) => {
        router.push(`/policies/${policyId}/coverage?days=${next}`);
      }}
    />
  );
}

function Pager({ at, pages, onGo }: { at: number; pages: number; onGo: (page: number) => void }) {
  return (
    <nav aria-label="Pages of the map" className="flex flex-wrap items-center justify-center gap-2">
      <Button
        size="sm"
        disabled={at === 1}
        onClick={() => {
          onGo(at - 1);
        }}
      >
        Previous
      </Button>
      <span role="status" className="num text-sm text-ink-soft">
        Page {at} of {pages}
      </span>
      <Button
        size="sm"
        disabled={at === pages}
        onClick={() => {
          onGo(at + 1);
        }}
      >
        Next
      </Button>
    </nav>
  );
}

function Nothing({ policy }: Pick<Props, "policy">) {
  const action = (
    <Button asChild>
      <Link href={`/policies/${policy.id}`}>Open the editor</Link>
    </Button>
  );
  return (
    <EmptyState icon={FileCode2} action={action}>
      {policy.liveVersion === null
        ? "Nothing is published, so every call is denied and there is nothing to cover."
        : "No tool is known, and the policy has no rules."}
    </EmptyState>
  );
}
