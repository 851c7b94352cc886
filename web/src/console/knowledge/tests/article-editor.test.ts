import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type AgentApi, ApiError } from '../../../protocol/agent-api';
import { ArticleEditor } from '../article-editor';
import { draftProblems, draftOf, NEW_ARTICLE } from '../draft';
import type { Article, ArticleText } from '../shapes';

const text = (version: number, title: string, body = 'b'): ArticleText => ({
  version,
  title,
  body,
  created_at: '2026-11-28T00:00:00Z',
});

const article = (patch: Partial<Article> = {}): Article => ({
  id: 'a1',
  slug: 'refunds',
  category_id: null,
  inbox_ids: [],
  state: 'draft',
  pinned: false,
  texts: { zh: text(1, '退款') },
  uses: 0,
  helped: 0,
  not_helped: 0,
  created_at: '2026-11-28T00:00:00Z',
  updated_at: '2026-11-28T00:00:00Z',
  version: 1,
  ...patch,
});

/** A server with one article, as strict about versions as the real one. */
class FakeServer {
  held = article();
  readonly asked: string[] = [];

  async get(path: string): Promise<unknown> {
    return path.includes('/texts/') ? this.held.texts.zh! : this.held;
  }

  async patch(_: string, { version, ...patch }: Partial<Article>): Promise<Article> {
    this.asked.push('patch');
    if (version !== this.held.version) throw new ApiError(409, 'conflict', 'changed');
    this.held = { ...this.held, ...patch, version: version + 1 };
    return this.held;
  }

  async put(_: string, { version, title, body }: ArticleText): Promise<Article> {
    this.asked.push('put');
    if (version !== this.held.texts.zh!.version) throw new ApiError(409, 'conflict', 'changed');
    const texts = { ...this.held.texts, zh: text(version + 1, title.trim(), body) };
    this.held = { ...this.held, texts };
    return this.held;
  }
}

let server: FakeServer;
const opened: ArticleEditor[] = [];

function open(): ArticleEditor {
  const editor = new ArticleEditor(server as unknown as AgentApi, {
    article: server.held,
    check: () => ({}),
    saved: () => undefined,
  });
  opened.push(editor);
  return editor;
}

beforeEach(() => {
  const items = new Map<string, string>();
  vi.stubGlobal('localStorage', {
    getItem: (key: string) => items.get(key) ?? null,
    setItem: (key: string, value: string) => items.set(key, value),
    removeItem: (key: string) => items.delete(key),
  });
  server = new FakeServer();
});

afterEach(() => {
  for (const editor of opened.splice(0)) editor.close();
  vi.unstubAllGlobals();
});

describe('an article that is written', () => {
  it('saves what was changed, and nothing else', async () => {
    const editor = open();
    editor.setText('zh', { title: ' 怎么退款 ' });
    expect(await editor.form.save()).toBe(true);
    expect(server.asked).toEqual(['put']);
    expect(editor.form.dirty.value).toBe(false);
    expect(editor.form.value.value.zh.title).toBe('怎么退款');
    editor.form.set({ state: 'published' });
    await editor.form.save();
    expect(server.asked).toEqual(['put', 'patch']);
    expect(editor.article.value?.version).toBe(2);
  });

  it('shows what somebody else wrote, and saves over it only when told to', async () => {
    const editor = open();
    editor.setText('zh', { body: 'mine' });
    await server.put('', text(1, '退款', 'theirs'));
    expect(await editor.form.save()).toBe(false);
    expect(editor.conflict.value).toMatchObject({ kind: 'text', theirs: { body: 'theirs' } });
    expect(editor.form.value.value.zh.body).toBe('mine');
    expect(await editor.keepMine()).toBe(true);
    expect(server.held.texts.zh).toMatchObject({ version: 3, body: 'mine' });
  });

  it('takes the text of somebody else', async () => {
    const editor = open();
    editor.setText('zh', { body: 'mine' });
    await server.put('', text(1, '退款', 'theirs'));
    await editor.form.save();
    editor.takeTheirs();
    expect(editor.form.value.value.zh.body).toBe('theirs');
    expect(editor.form.dirty.value).toBe(false);
  });

  it('keeps what was saved when the next part is not', async () => {
    const editor = open();
    editor.form.set({ state: 'published' });
    editor.setText('zh', { body: 'mine' });
    await server.put('', text(1, '退款', 'theirs'));
    expect(await editor.form.save()).toBe(false);
    expect(server.held.state).toBe('published');
    expect(editor.form.base.value.state).toBe('published');
    expect(await editor.keepMine()).toBe(true);
    expect(server.held.version).toBe(2);
  });

  it('sees that details were changed by somebody else', async () => {
    const editor = open();
    editor.form.set({ state: 'archived' });
    await server.patch('', { version: 1, slug: 'theirs' });
    expect(await editor.form.save()).toBe(false);
    expect(editor.conflict.value?.kind).toBe('details');
    expect(await editor.keepMine()).toBe(true);
    expect(server.held).toMatchObject({ slug: 'theirs', state: 'archived' });
  });

  it('finds what was typed before the page went away', async () => {
    const first = open();
    first.setText('zh', { body: 'typed' });
    first.close();
    const second = open();
    expect(second.found.value).not.toBeNull();
    expect(second.form.value.value.zh.body).toBe('typed');
    await second.form.save();
    second.close();
    expect(open().found.value).toBeNull();
  });

  it('keeps what was typed just before the page goes away', () => {
    const first = open();
    first.setText('en', { title: 'Typed in a hurry' });
    first.keep();
    expect(open().form.value.value.en.title).toBe('Typed in a hurry');
  });

  it('does not save a draft over what was written since', async () => {
    const first = open();
    first.setText('zh', { body: 'typed' });
    first.close();
    await server.put('', text(1, '退款', 'theirs'));
    const second = open();
    expect(await second.form.save()).toBe(false);
    expect(second.conflict.value).toMatchObject({ kind: 'text', theirs: { body: 'theirs' } });
  });
});

it('says what is wrong before it is sent', () => {
  const base = draftOf(article());
  expect(draftProblems(base, base, false)).toEqual({});
  expect(draftProblems({ ...base, slug: 'A b' }, base, false)).toEqual({ slug: 'slug' });
  const emptied = { ...base, zh: { title: '', body: '' }, en: { title: 'x', body: '' } };
  expect(draftProblems(emptied, base, false)).toEqual({
    'zh.title': 'emptied',
    'en.body': 'incomplete',
  });
  expect(draftProblems(NEW_ARTICLE, NEW_ARTICLE, true)).toEqual({ 'zh.title': 'nothing' });
});
