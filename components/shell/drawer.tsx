"use client";

import { Menu as MenuIcon, X } from "lucide-react";
import { Dialog as Radix } from "radix-ui";
import { useState } from "react";
import { Button } from "@/components/ui/button";
import { Navigation } from "./navigation";

/** Navigation under 1024 px. */
export function Drawer() {
  const [open, setOpen] = useState(false);
  const close = () => {
    setOpen(false);
  };
  return (
    <Radix.Root open={open} onOpenChange={setOpen}>
      <Radix.Trigger asChild>
        <Button look="ghost" size="icon" aria-label="Menu" className="lg:hidden">
          <MenuIcon aria-hidden />
        </Button>
      </Radix.Trigger>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 bg-scrim" />
        <Radix.Content
          aria-describedby={undefined}
          className="fixed inset-y-0 left-0 z-50 w-64 max-w-[85vw] overflow-y-auto border-r border-line bg-surface outline-none data-[state=open]:animate-in data-[state=open]:slide-in-from-left data-[state=open]:duration-150"
        >
          <Radix.Title className="sr-only">Menu</Radix.Title>
          <Radix.Close asChild>
            <Button look="ghost" size="icon" aria-label="Close menu" className="absolute top-2 right-2">
              <X aria-hidden />
            </Button>
          </Radix.Close>
          <Navigation onGo={close} />
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
