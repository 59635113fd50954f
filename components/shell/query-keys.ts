/** Keys of everything that TanStack Query keeps. */
export const queryKeys = {
  overview: ["overview"] as const,
  logs: (filter: Record<string, string>) => ["logs", filter] as const,
  decision: (decisionId: string) => ["decision", decisionId] as const,
};
