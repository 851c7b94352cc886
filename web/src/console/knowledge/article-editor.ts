import { effect, signal } from '@preact/signals';
import { type AgentApi, ApiError } from '../../protocol/agent-api';
import { Form, type Problems } from '../forms/form';
import { same } from '../forms/same';
import {
  type ArticleDraft,
  changedDetails,
  changedTexts,
  type Details,
  detailsOf,
  draftOf,
  NEW_ARTICLE,
  saysNothing,
} from './draft';
import { loadDraft, storeDraft } from './local-drafts';
import { type Article, type ArticleText, type Language, LANGUAGES } from './shapes';

/** What somebody else saved meanwhile, where something was changed here, too. */
export type Conflict =
  { kind: 'text'; language: Language; theirs: ArticleText } | { kind: 'details'; theirs: Article };

interface EditorOptions {
  /** Null for a new one. */
  article: Article | null;
  check(draft: ArticleDraft, base: ArticleDraft): Problems;
  saved(article: Article): void;
}

const STORE_AFTER_MS = 400;

/** An article that is written: what was typed, what the server has, and where the two part. */
export class ArticleEditor {
  /** As far as it is known here; its versions go into each change. */
  readonly article;
  readonly form: Form<ArticleDraft>;
  readonly conflict = signal<Conflict | null>(null);
  /** Since when there is a draft that was found again. */
  readonly found = signal<string | null>(null);

  private readonly api: AgentApi;
  private readonly options: EditorOptions;
  private readonly place: string;
  private readonly undo: () => void;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(api: AgentApi, options: EditorOptions) {
    this.api = api;
    this.options = options;
    this.place = options.article?.id ?? 'new';
    this.article = signal(options.article);
    this.form = new Form<ArticleDraft>({
      value: options.article ? draftOf(options.article) : NEW_ARTICLE,
      check: (draft): Problems => options.check(draft, this.form.base.value),
      save: (draft) => this.save(draft),
    });
    this.findDraft();
    this.undo = effect(() => {
      const draft = this.form.dirty.value ? this.form.value.value : null;
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.store(draft), draft ? STORE_AFTER_MS : 0);
    });
  }

  close(): void {
    this.undo();
    this.keep();
  }

  /** Stores what was typed at once: the page goes away. */
  keep(): void {
    clearTimeout(this.timer);
    this.store(this.form.dirty.peek() ? this.form.value.peek() : null);
  }

  setText(language: Language, patch: Partial<ArticleDraft[Language]>): void {
    this.form.set({ [language]: { ...this.form.value.peek()[language], ...patch } });
  }

  /** Goes back to what the server has, also where a draft was found. */
  discard(): void {
    this.form.discard();
    this.found.value = null;
  }

  /** Saves what was typed here over what somebody else saved. */
  async keepMine(): Promise<boolean> {
    this.know();
    return this.form.save();
  }

  takeTheirs(): void {
    const conflict = this.conflict.peek();
    if (!conflict) return;
    this.know();
    const base = this.form.base.peek();
    if (conflict.kind === 'text') {
      this.form.set({ [conflict.language]: base[conflict.language] });
    } else {
      this.form.set(detailsOf(base));
    }
  }

  /** Takes away all that it ever says in a language, also what was typed; it must say something in another one. */
  async removeText(language: Language): Promise<void> {
    const article = this.article.peek()!;
    const version = article.texts[language]?.version ?? 0;
    const path = `articles/${article.id}/texts/${language}?version=${version}`;
    const { texts } = await this.api.delete<Article>(path);
    const { [language]: _, ...others } = article.texts;
    this.form.set({ [language]: { title: '', body: '' } });
    this.learn({ ...article, texts: texts[language] ? article.texts : others });
  }

  /** What the conflict showed is known from now on: the next change is one of that. */
  private know(): void {
    const conflict = this.conflict.peek();
    const article = this.article.peek();
    if (!conflict || !article) return;
    this.conflict.value = null;
    if (conflict.kind === 'text') {
      this.learn({ ...article, texts: { ...article.texts, [conflict.language]: conflict.theirs } });
    } else {
      this.learn({ ...conflict.theirs, texts: article.texts });
    }
  }

  /** What was not changed here follows what the server has; so does what was just `sent`. */
  private learn(article: Article, sent: Partial<ArticleDraft> = {}): void {
    const before = { ...this.form.base.peek() };
    this.article.value = article;
    this.form.base.value = draftOf(article);
    this.form.value.value = rebased(this.form.value.peek(), before, draftOf(article), sent);
  }

  private async save(draft: ArticleDraft): Promise<ArticleDraft> {
    const article = this.article.peek() ? await this.change(draft) : await this.make(draft);
    this.found.value = null;
    this.article.value = article;
    this.options.saved(article);
    return draftOf(article);
  }

  private make(draft: ArticleDraft): Promise<Article> {
    const { slug, ...details } = detailsOf(draft);
    const texts = LANGUAGES.filter((language) => !saysNothing(draft[language])).map(
      (language) => [language, draft[language]] as const,
    );
    return this.api.post<Article>('articles', {
      ...details,
      ...(slug === '' ? {} : { slug }),
      texts: Object.fromEntries(texts),
    });
  }

  /** Details and each text are saved one by one; what was saved stays saved when the next is not. */
  private async change(draft: ArticleDraft): Promise<Article> {
    const base = this.form.base.peek();
    const details = changedDetails(draft, base);
    if (Object.keys(details).length > 0) await this.changeDetails(details);
    for (const language of changedTexts(draft, base)) await this.write(language, draft);
    return this.article.peek()!;
  }

  private async changeDetails(details: Partial<Details>): Promise<void> {
    const { id, version, texts } = this.article.peek()!;
    try {
      const saved = await this.api.patch<Article>(`articles/${id}`, { version, ...details });
      this.learn({ ...saved, texts }, details);
    } catch (error) {
      if (isConflict(error)) {
        const theirs = await this.api.get<Article>(`articles/${id}`);
        if (theirs.version !== version) this.conflict.value = { kind: 'details', theirs };
      }
      throw error;
    }
  }

  private async write(language: Language, draft: ArticleDraft): Promise<void> {
    const article = this.article.peek()!;
    const version = article.texts[language]?.version ?? 0;
    const path = `articles/${article.id}/texts/${language}`;
    try {
      const saved = await this.api.put<Article>(path, { version, ...draft[language] });
      const text = saved.texts[language]!;
      const sent = { [language]: draft[language] };
      this.learn({ ...article, texts: { ...article.texts, [language]: text } }, sent);
    } catch (error) {
      if (isConflict(error)) {
        const theirs = await this.api.get<ArticleText>(path);
        if (theirs.version !== version) this.conflict.value = { kind: 'text', language, theirs };
      }
      throw error;
    }
  }

  /** A draft counts for the versions that it was typed upon, so that a later save of others shows. */
  private findDraft(): void {
    const local = loadDraft(this.place);
    if (!local) return;
    const { value: base } = this.form.base;
    const draft = rebased(local.draft, local.base, base, {});
    if (same(draft, base)) return;
    const article = this.article.peek();
    if (article) {
      const texts = { ...article.texts };
      for (const language of LANGUAGES) {
        const [text, version] = [texts[language], local.texts[language]];
        const isChanged = !same(draft[language], base[language]);
        if (text && version !== undefined && isChanged) texts[language] = { ...text, version };
      }
      this.article.value = { ...article, version: local.version, texts };
    }
    this.form.value.value = draft;
    this.found.value = local.at;
  }

  private store(draft: ArticleDraft | null): void {
    if (draft === null) return storeDraft(this.place, null);
    const article = this.article.peek();
    const texts = LANGUAGES.map(
      (language) => [language, article?.texts[language]?.version] as const,
    ).filter(([, version]) => version !== undefined);
    storeDraft(this.place, {
      draft,
      base: this.form.base.peek(),
      version: article?.version ?? 0,
      texts: Object.fromEntries(texts),
      at: new Date().toISOString(),
    });
  }
}

/** What was typed, upon another base: all that is as it was before, or was `sent`, is as it is there. */
export function rebased(
  value: ArticleDraft,
  before: ArticleDraft,
  base: ArticleDraft,
  sent: Partial<ArticleDraft>,
): ArticleDraft {
  const next = { ...value };
  for (const name of Object.keys(base) as (keyof ArticleDraft)[]) {
    const isSent = name in sent && same(value[name], sent[name]);
    if (isSent || same(value[name], before[name])) Object.assign(next, { [name]: base[name] });
  }
  return next;
}

/** Of a name that is taken the server says which field; of a version it does not. */
function isConflict(error: unknown): boolean {
  return error instanceof ApiError && error.status === 409 && error.field !== 'slug';
}
