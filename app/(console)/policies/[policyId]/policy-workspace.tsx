"use client";

import dynamic from "next/dynamic";
import { PolicyEditor } from "@/components/policy-editor/policy-editor";
import { useSample } from "@/components/policy-simulator/use-sample";
import type { SampleWorld } from "@/components/policy-simulator/world";
import { Skeleton } from "@/components/ui/skeleton";
import type { PolicyDto } from "@/lib/policies/schema";

const Simulator = dynamic(
  () => import("@/components/policy-simulator/policy-simulator").then((module) => module.PolicySimulator),
  {
    ssr: false,
    loading: () => (
      <div role="status" aria-label="Loading the simulator" className="grid gap-3 p-4">
        <Skeleton className="h-8" />
        <Skeleton className="h-8" />
        <Skeleton className="h-24" />
      </div>
    ),
  },
);

interface Props {
  policy: PolicyDto;
  world: SampleWorld;
  refusal: string | null;
}

/** The editor with the simulator beside it; both work on one draft. */
export function PolicyWorkspace({ policy, world, refusal }: Props) {
  const sample = useSample();
  return (
    <PolicyEditor
      policy={policy}
      tools={world.tools}
      refusal={refusal}
      simulator={(draft) => (
        <Simulator
          {...draft}
          sample={sample}
          world={world}
          live={policy.liveVersion === null ? null : { version: policy.liveVersion, text: policy.text }}
          refusal={refusal}
        />
      )}
    />
  );
}
