export function scanBundle(folder: string): string[];
