import { same } from '../forms/same';
import type { Article, ArticleState, Language } from './shapes';
import { LANGUAGES } from './shapes';

export interface TextDraft {
  title: string;
  body: string;
}

/** What is not text; `version` of the article counts for these. */
export interface Details {
  slug: string;
  category_id: string | null;
  inbox_ids: string[];
  state: ArticleState;
  pinned: boolean;
}

export type ArticleDraft = Details & Record<Language, TextDraft>;

export const BODY_MAX = 50_000;
export const TITLE_MAX = 200;
const NO_TEXT: TextDraft = { title: '', body: '' };

export const NEW_ARTICLE: ArticleDraft = {
  slug: '',
  category_id: null,
  inbox_ids: [],
  state: 'draft',
  pinned: false,
  zh: NO_TEXT,
  en: NO_TEXT,
};

export function draftOf(article: Article): ArticleDraft {
  const text = (language: Language) => {
    const { title, body } = article.texts[language] ?? NO_TEXT;
    return { title, body };
  };
  return { ...detailsOf(article), zh: text('zh'), en: text('en') };
}

export function detailsOf(
  from: Omit<Details, 'category_id'> & { category_id?: string | null },
): Details {
  const { slug, category_id = null, inbox_ids, state, pinned } = from;
  return { slug, category_id, inbox_ids, state, pinned };
}

export function saysNothing({ title, body }: TextDraft): boolean {
  return title.trim() === '' && body.trim() === '';
}

/** Only the details that were changed. */
export function changedDetails(draft: ArticleDraft, base: ArticleDraft): Partial<Details> {
  const [mine, before] = [detailsOf(draft), detailsOf(base)];
  const changed = Object.entries(mine).filter(
    ([name, value]) => !same(value, before[name as keyof Details]),
  );
  return Object.fromEntries(changed);
}

export function changedTexts(draft: ArticleDraft, base: ArticleDraft): Language[] {
  return LANGUAGES.filter((language) => !same(draft[language], base[language]));
}

export type DraftProblem = 'slug' | 'nothing' | 'incomplete' | 'emptied' | 'title' | 'body';

/** What the server would refuse, by field. */
export function draftProblems(
  draft: ArticleDraft,
  base: ArticleDraft,
  isNew: boolean,
): Record<string, DraftProblem> {
  const problems: Record<string, DraftProblem> = {};
  const slugMissing = draft.slug === '' && isNew;
  if (!slugMissing && !/^[a-z0-9-]{1,80}$/.test(draft.slug)) problems['slug'] = 'slug';
  for (const language of LANGUAGES) {
    const text = draft[language];
    if (saysNothing(text)) {
      if (!saysNothing(base[language])) problems[`${language}.title`] = 'emptied';
      continue;
    }
    if (text.title.trim() === '') problems[`${language}.title`] = 'incomplete';
    else if ([...text.title].length > TITLE_MAX) problems[`${language}.title`] = 'title';
    if (text.body.trim() === '') problems[`${language}.body`] = 'incomplete';
    else if ([...text.body].length > BODY_MAX) problems[`${language}.body`] = 'body';
  }
  if (LANGUAGES.every((language) => saysNothing(draft[language]))) problems['zh.title'] = 'nothing';
  return problems;
}
