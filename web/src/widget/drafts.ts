const KEY = 'kefu-draft';

/** The draft outlives a change of page; a frame without storage keeps it for this page only. */
export function readDraft(visitor: string): string {
  try {
    return sessionStorage.getItem(`${KEY}:${visitor}`) ?? '';
  } catch {
    return '';
  }
}

export function writeDraft(visitor: string, text: string): void {
  try {
    if (text === '') sessionStorage.removeItem(`${KEY}:${visitor}`);
    else sessionStorage.setItem(`${KEY}:${visitor}`, text);
  } catch {
    // See above.
  }
}
