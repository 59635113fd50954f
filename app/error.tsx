"use client";

import { ErrorNote } from "@/components/ui/error-note";
import { digestOf } from "@/components/shell/digest";

export default function ErrorPage({ error, retry }: { error: unknown; retry: () => void }) {
  return (
    <main className="mx-auto w-full max-w-xl px-4 py-16">
      <h1 className="mb-4 text-lg">This page could not be shown</h1>
      <ErrorNote
        failure={{ title: "The server failed while reading it.", code: "internal", requestId: digestOf(error) }}
        onRetry={retry}
      />
    </main>
  );
}
