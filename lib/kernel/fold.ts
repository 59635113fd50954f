/**
 * A key as a reader sees it that ignores case and form: NFKC, then case-folded (through upper case, so that `ß` meets
 * `ss`). Two keys with one fold are taken for the same key by some upstream, which is how a checked argument is
 * smuggled past a check (CVE-2026-27896).
 */
export function foldKey(key: string): string {
  return key.normalize("NFKC").toUpperCase().toLowerCase().normalize("NFKC");
}
