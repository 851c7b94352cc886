/* What the knowledge base is made of, as REST tells it. */

export const LANGUAGES = ['zh', 'en'] as const;
export type Language = (typeof LANGUAGES)[number];

export const STATES = ['draft', 'published', 'archived'] as const;
export type ArticleState = (typeof STATES)[number];

export interface ArticleText {
  version: number;
  title: string;
  body: string;
  author_id?: string | null;
  created_at: string;
}

export interface Article {
  id: string;
  slug: string;
  category_id?: string | null;
  inbox_ids: string[];
  state: ArticleState;
  /** It stands before the others where visitors have not searched for anything. */
  pinned: boolean;
  texts: Partial<Record<Language, ArticleText>>;
  uses: number;
  helped: number;
  not_helped: number;
  created_at: string;
  updated_at: string;
  version: number;
}

export interface ArticleVersion {
  version: number;
  title: string;
  author_id?: string | null;
  created_at: string;
}

export interface Category {
  id: string;
  position: number;
  names: Partial<Record<Language, string>>;
}

/** Where something was found, in UTF-16 code units. */
export type Range = [from: number, to: number];

export interface FoundArticle {
  article_id: string;
  slug: string;
  language: Language;
  title: string;
  title_highlights: Range[];
  snippet: { text: string; highlights: Range[]; cut_before: boolean; cut_after: boolean };
}

/** What an article is called, in this language if it can be. */
export function titleOf(article: Article, language: Language): string {
  const other = LANGUAGES.find((each) => each !== language)!;
  return article.texts[language]?.title ?? article.texts[other]?.title ?? article.slug;
}

export function nameOf(category: Category, language: Language): string {
  const other = LANGUAGES.find((each) => each !== language)!;
  return category.names[language] ?? category.names[other] ?? '';
}
