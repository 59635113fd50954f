import type { ToolCategory, ToolRisk } from "@/lib/kernel/tool-class";

/** A tool as its server lists it. */
export interface SampleTool {
  name: string;
  /** Name of its server. */
  server: string;
  category: ToolCategory;
  risk: ToolRisk;
  annotations: Record<string, boolean>;
  parameters: { name: string; required: boolean }[];
}

/** What a sample call may be made of. */
export interface SampleWorld {
  grants: { id: string; label: string; tags: string[]; server: string }[];
  tools: SampleTool[];
}
