import { cva, type VariantProps } from "class-variance-authority";
import { Slot } from "radix-ui";
import type { ComponentProps } from "react";
import { cn } from "./cn";

export const buttonLook = cva(
  "inline-flex shrink-0 items-center justify-center gap-1.5 rounded-md border font-medium whitespace-nowrap select-none transition-colors duration-100 aria-disabled:opacity-60 aria-disabled:cursor-not-allowed disabled:opacity-60 disabled:cursor-not-allowed [&_svg]:size-4 [&_svg]:shrink-0",
  {
    variants: {
      look: {
        primary: "border-transparent bg-accent text-accent-ink hover:bg-accent-strong",
        plain: "border-line-strong/60 bg-surface text-ink hover:bg-hover",
        ghost: "border-transparent bg-transparent text-ink-soft hover:bg-hover hover:text-ink",
        danger: "border-transparent bg-danger text-danger-ink hover:bg-danger-strong",
      },
      size: {
        md: "h-8 px-3 text-base touch:h-11",
        sm: "h-7 px-2 text-sm touch:h-11",
        icon: "size-8 touch:size-11",
      },
    },
    defaultVariants: { look: "plain", size: "md" },
  },
);

export type ButtonProps = ComponentProps<"button"> & VariantProps<typeof buttonLook> & { asChild?: boolean };

/** A button; `aria-disabled` keeps it focusable but without effect. */
export function Button({ className, look, size, asChild = false, onClick, type, ...rest }: ButtonProps) {
  const off = rest["aria-disabled"] === true || rest["aria-disabled"] === "true";
  const classes = cn(buttonLook({ look, size }), className);
  if (asChild) return <Slot.Root className={classes} onClick={onClick} {...rest} />;
  return (
    <button
      type={type ?? "button"}
      className={classes}
      onClick={
        off
          ? (event) => {
              event.preventDefault();
            }
          : onClick
      }
      {...rest}
    />
  );
}
