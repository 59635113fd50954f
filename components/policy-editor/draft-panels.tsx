"use client";

import { CircleX } from "lucide-react";
import { parseAsStringLiteral, useQueryState } from "nuqs";
import type { ReactNode } from "react";
import { Tabs } from "@/components/ui/tabs";
import { TestPanel } from "./test-panel";
import type { TestFindings } from "./use-test-run";

const panelWords = ["simulate", "tests"] as const;

interface Props {
  simulator: ReactNode;
  tests: TestFindings;
  onJump: (line: number) => void;
}

/** What judges the draft: one call at a time, and its own tests. Which one is open stands in the URL. */
export function DraftPanels({ simulator, tests, onJump }: Props) {
  const [panel, setPanel] = useQueryState("panel", parseAsStringLiteral(panelWords).withDefault("simulate"));
  return (
    <section
      aria-label="Try the draft"
      className="min-w-0 rounded-lg border border-line bg-surface pt-1 xl:sticky xl:top-16"
    >
      <Tabs
        label="Try the draft"
        value={panel}
        onChange={(value) => {
          void setPanel(value === "tests" ? "tests" : "simulate");
        }}
        flush
        tabs={[
          { value: "simulate", label: "Simulator", content: <Scroll>{simulator}</Scroll> },
          {
            value: "tests",
            label: <TestLabel findings={tests} />,
            content: (
              <Scroll>
                <TestPanel findings={tests} onJump={onJump} />
              </Scroll>
            ),
          },
        ]}
      />
    </section>
  );
}

/** Beside the editor it scrolls by itself; under it, with the page. */
function Scroll({ children }: { children: ReactNode }) {
  return <div className="xl:max-h-[calc(100dvh-8.5rem)] xl:overflow-y-auto">{children}</div>;
}

function TestLabel({ findings: { run } }: { findings: TestFindings }) {
  if (!run || run.results.length === 0) return <>Tests</>;
  const { failed, results } = run;
  if (failed === 0) {
    return (
      <>
        Tests <span className="num text-ink-soft">{results.length.toLocaleString("en")}</span>
      </>
    );
  }
  return (
    <>
      Tests
      <span className="inline-flex items-center gap-1 text-red">
        <CircleX aria-hidden className="size-3.5" />
        <span className="num">
          {failed.toLocaleString("en")} of {results.length.toLocaleString("en")} {failed === 1 ? "fails" : "fail"}
        </span>
      </span>
    </>
  );
}
