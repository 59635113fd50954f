"use client";

import { useEffect, type RefObject } from "react";

/** Puts the cursor into the first invalid control of the form whenever its findings change: those of the browser, then the server's. */
export function useErrorFocus(form: RefObject<HTMLFormElement | null>, own: unknown, served: unknown): void {
  useEffect(() => {
    form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [form, own, served]);
}
