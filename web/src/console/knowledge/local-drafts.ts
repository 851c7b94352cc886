import type { ArticleDraft } from './draft';
import type { Language } from './shapes';

/** What was typed and not saved yet, with the versions that it was typed upon. */
export interface LocalDraft {
  draft: ArticleDraft;
  /** What the server had then. */
  base: ArticleDraft;
  version: number;
  texts: Partial<Record<Language, number>>;
  at: string;
}

const PREFIX = 'kefu-console-article-';

export function loadDraft(article: string): LocalDraft | null {
  try {
    return JSON.parse(localStorage.getItem(PREFIX + article) ?? 'null') as LocalDraft | null;
  } catch {
    return null;
  }
}

/** Null forgets it. */
export function storeDraft(article: string, draft: LocalDraft | null): void {
  try {
    if (draft === null) localStorage.removeItem(PREFIX + article);
    else localStorage.setItem(PREFIX + article, JSON.stringify(draft));
  } catch {
    // Without storage a draft lasts as long as the page.
  }
}
