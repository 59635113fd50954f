/**
 * Share of `used` in `max` in per cent, rounded down, from exact decimal texts; null when there is no bound.
 * Only for drawing: a share never decides anything.
 */
export function shareOf(used: string, max: string | null): number | null {
  if (max === null) return null;
  const bound = Number(max);
  const value = Number(used);
  if (!Number.isFinite(bound) || !Number.isFinite(value)) return null;
  if (bound <= 0) return 100;
  return Math.floor((value / bound) * 100);
}

/** "1,234,567.5" from an exact decimal text, without rounding. */
export function groupDigits(text: string): string {
  const [whole = "", fraction] = text.split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+(?!\d))/g, ",");
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}
