"use client";

import { LogOut, UserRound } from "lucide-react";
import { signOut } from "next-auth/react";
import { Button } from "@/components/ui/button";
import { Menu, MenuItem, MenuLabel, MenuSeparator } from "@/components/ui/menu";
import { useViewer } from "./viewer";

export function AccountMenu() {
  const viewer = useViewer();
  if (!viewer) return null;
  return (
    <Menu
      trigger={
        <Button look="ghost" className="px-2" aria-label={`Account: ${viewer.name}, ${viewer.roleWord}`}>
          <UserRound aria-hidden />
          <span className="max-w-40 truncate max-md:hidden">{viewer.name}</span>
        </Button>
      }
    >
      <MenuLabel>
        <span className="block text-base font-medium text-ink">{viewer.name}</span>
        <span className="block">{viewer.email}</span>
        <span className="block">{viewer.roleWord}</span>
      </MenuLabel>
      <MenuSeparator />
      <MenuItem
        onSelect={() => {
          void signOut({ callbackUrl: "/login" });
        }}
      >
        <LogOut aria-hidden /> Sign out
      </MenuItem>
    </Menu>
  );
}
