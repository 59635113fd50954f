"use client";

import { digestOf } from "@/components/shell/digest";
import { PageFrame } from "@/components/shell/page-frame";
import { ErrorNote } from "@/components/ui/error-note";

export default function ConsoleError({ error, retry }: { error: unknown; retry: () => void }) {
  return (
    <PageFrame title="This page could not be shown" crumb="Error">
      <ErrorNote
        failure={{ title: "The server failed while reading it.", code: "internal", requestId: digestOf(error) }}
        onRetry={retry}
      />
    </PageFrame>
  );
}
