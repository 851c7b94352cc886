/** Whether the server put stars in the place of personal data somewhere in these texts. */
export function isMasked(...texts: readonly string[]): boolean {
  return texts.some((text) => /\*{2,}/.test(text));
}
