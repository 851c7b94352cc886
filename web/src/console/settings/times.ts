/** What a field of day and time holds, as the server reads it; null when it is empty. */
export function isoOf(local: string): string | null {
  const at = new Date(local);
  return local === '' || Number.isNaN(at.getTime()) ? null : at.toISOString();
}
