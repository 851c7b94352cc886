/** Whether an address lies at or below another one. */
export function isWithin(hash: string, scope: string): boolean {
  return hash === scope || hash.startsWith(`${scope}/`) || hash.startsWith(`${scope}?`);
}
