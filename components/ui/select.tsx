"use client";

import { Check, ChevronDown } from "lucide-react";
import { Select as Radix } from "radix-ui";
import { cn } from "./cn";
import { inputLook } from "./input";
import type { FieldIds } from "./field";

export interface Choice {
  value: string;
  label: string;
  note?: string;
}

interface Props extends Partial<FieldIds> {
  value: string;
  onChange: (value: string) => void;
  choices: readonly Choice[];
  placeholder?: string;
  className?: string;
  "aria-label"?: string;
}

export function Select({ value, onChange, choices, placeholder, className, ...ids }: Props) {
  return (
    <Radix.Root value={value} onValueChange={onChange}>
      <Radix.Trigger
        {...ids}
        className={cn(inputLook, "flex h-8 items-center justify-between gap-2 px-2.5 text-left touch:h-11", className)}
      >
        <span className="truncate">
          <Radix.Value placeholder={<span className="text-ink-faint">{placeholder}</span>} />
        </span>
        <ChevronDown aria-hidden className="size-4 shrink-0 text-ink-soft" />
      </Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          position="popper"
          sideOffset={4}
          className="z-50 max-h-[var(--radix-select-content-available-height)] min-w-[var(--radix-select-trigger-width)] max-w-[calc(100vw-16px)] overflow-hidden rounded-md border border-line bg-raised shadow-md"
        >
          <Radix.Viewport className="p-1">
            {choices.map((choice) => (
              <Radix.Item
                key={choice.value}
                value={choice.value}
                className="relative flex cursor-pointer items-start gap-2 rounded-sm py-1.5 pr-3 pl-8 text-base outline-none data-highlighted:bg-hover touch:py-3"
              >
                <Radix.ItemIndicator className="absolute top-2 left-2">
                  <Check aria-hidden className="size-4" />
                </Radix.ItemIndicator>
                <span className="min-w-0">
                  <Radix.ItemText>{choice.label}</Radix.ItemText>
                  {choice.note ? <span className="block text-sm text-ink-soft">{choice.note}</span> : null}
                </span>
              </Radix.Item>
            ))}
          </Radix.Viewport>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
