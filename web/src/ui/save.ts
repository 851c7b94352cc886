/** Hands a text over as a file to be saved. */
export function saveText(name: string, type: string, parts: readonly string[]): void {
  const url = URL.createObjectURL(new Blob([...parts], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The browser has begun to read it by then.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** What tells spreadsheets that a file is UTF-8. */
export const BYTE_ORDER_MARK = '\uFEFF';
