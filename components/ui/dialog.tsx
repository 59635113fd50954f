"use client";

import { X } from "lucide-react";
import { Dialog as Radix } from "radix-ui";
import { useRef, type ReactNode } from "react";
import { cn } from "./cn";

interface Props {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  description?: ReactNode;
  children: ReactNode;
  footer?: ReactNode;
  /** Where a press outside or Escape must not close it: the content would be lost. */
  locked?: boolean;
  width?: "md" | "lg" | "xl";
}

const widths = { md: "sm:max-w-lg", lg: "sm:max-w-2xl", xl: "sm:max-w-5xl" } as const;

/** The first field gets the cursor; a dialog without fields leaves it to Radix (its first button). */
function focusFirstField(event: Event): void {
  const dialog = event.currentTarget;
  if (!(dialog instanceof HTMLElement)) return;
  const field = dialog.querySelector<HTMLElement>("[data-dialog-body] :is(input, textarea, [role=combobox])");
  if (!field) return;
  event.preventDefault();
  field.focus();
}

/** A modal: sheet from the bottom on phones, centred panel elsewhere. Focus returns to where it was. */
export function Dialog({
  open,
  onOpenChange,
  title,
  description,
  children,
  footer,
  locked = false,
  width = "md",
}: Props) {
  const opener = useRef<HTMLElement | null>(null);
  const keep = (event: Event) => {
    if (locked) event.preventDefault();
  };
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 bg-scrim data-[state=open]:animate-in data-[state=open]:fade-in-0 data-[state=open]:duration-100" />
        <Radix.Content
          onOpenAutoFocus={(event) => {
            opener.current = document.activeElement instanceof HTMLElement ? document.activeElement : null;
            focusFirstField(event);
          }}
          onCloseAutoFocus={(event) => {
            // Radix knows its own triggers only; these dialogs are opened by state.
            if (!opener.current?.isConnected) return;
            event.preventDefault();
            opener.current.focus();
          }}
          onEscapeKeyDown={keep}
          onInteractOutside={keep}
          {...(description ? {} : { "aria-describedby": undefined })}
          className={cn(
            "fixed z-50 flex max-h-[92dvh] flex-col border border-line bg-raised shadow-xl outline-none",
            "inset-x-0 bottom-0 rounded-t-lg sm:inset-x-auto sm:bottom-auto sm:top-1/2 sm:left-1/2 sm:w-[calc(100vw-32px)] sm:-translate-x-1/2 sm:-translate-y-1/2 sm:rounded-lg",
            "data-[state=open]:animate-in data-[state=open]:fade-in-0 data-[state=open]:duration-100",
            widths[width],
          )}
        >
          <header className="flex items-start gap-3 border-b border-line px-4 py-3">
            <div className="min-w-0 grow">
              <Radix.Title className="text-base font-semibold [overflow-wrap:anywhere]">{title}</Radix.Title>
              {description ? (
                <Radix.Description className="mt-0.5 text-sm text-ink-soft">{description}</Radix.Description>
              ) : null}
            </div>
            {locked ? null : (
              <Radix.Close
                aria-label="Close"
                className="-mr-1.5 grid size-7 shrink-0 place-items-center rounded-md text-ink-soft hover:bg-hover touch:size-11"
              >
                <X aria-hidden className="size-4" />
              </Radix.Close>
            )}
          </header>
          <div data-dialog-body tabIndex={-1} className="min-h-0 grow overflow-y-auto px-4 py-4 outline-none">
            {children}
          </div>
          {footer ? (
            <footer className="flex flex-wrap items-center justify-end gap-2 border-t border-line px-4 py-3">
              {footer}
            </footer>
          ) : null}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
