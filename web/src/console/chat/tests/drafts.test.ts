import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

type Drafts = typeof import('../drafts');

let held: Record<string, string>;
let heard: Record<string, (event: unknown) => void>;

beforeEach(() => {
  vi.useFakeTimers();
  held = {};
  heard = {};
  // The keys of a real storage are its own properties, too.
  const storage = new Proxy(held, {
    get(target, name: string) {
      const functions: Record<string, unknown> = {
        getItem: (key: string) => target[key] ?? null,
        setItem: (key: string, value: string) => (target[key] = value),
        removeItem: (key: string) => delete target[key],
      };
      return functions[name];
    },
  });
  vi.stubGlobal('localStorage', storage);
  vi.stubGlobal('window', {
    addEventListener: (name: string, heardBy: (event: unknown) => void) => (heard[name] = heardBy),
  });
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

/** As after a reload: the module knows nothing. */
async function opened(agent = 'lin'): Promise<Drafts> {
  vi.resetModules();
  const drafts = await import('../drafts');
  drafts.openDrafts(agent);
  return drafts;
}

describe('drafts', () => {
  it('survive a reload, apart for replies and notes', async () => {
    const before = await opened();
    before.setDraft('c1', { reply: 'half a reply' });
    before.setDraft('c1', { mode: 'note', note: 'half a note' });
    before.setDraft('c2', { reply: 'other' });
    expect(before.draftOf('c1').reply).toBe('half a reply');
    expect(held).toEqual({});
    vi.advanceTimersByTime(500);
    const { draftOf } = await opened();
    expect(draftOf('c1')).toMatchObject({ mode: 'note', reply: 'half a reply', note: 'half a note' });
    expect(draftOf('c2').reply).toBe('other');
  });

  it('are saved when the page goes before that', async () => {
    const before = await opened();
    before.setDraft('c1', { reply: 'quick' });
    heard['pagehide']!({});
    const { draftOf } = await opened();
    expect(draftOf('c1').reply).toBe('quick');
  });

  it('leave nothing behind once they are sent', async () => {
    const { setDraft, saveDrafts } = await opened();
    setDraft('c1', { reply: 'sent soon' });
    saveDrafts();
    setDraft('c1', { reply: '' });
    saveDrafts();
    expect(held).toEqual({});
  });

  it('belong to one agent', async () => {
    const lin = await opened('lin');
    lin.setDraft('c1', { reply: 'mine' });
    lin.saveDrafts();
    const { draftOf } = await opened('alex');
    expect(draftOf('c1').reply).toBe('');
  });

  it('are given up after a month, and when they are no drafts', async () => {
    const before = await opened();
    before.setDraft('c1', { reply: 'old' });
    before.saveDrafts();
    held['kefu-console-draft:lin:c2'] = 'no json';
    vi.setSystemTime(Date.now() + 31 * 24 * 3_600_000);
    const { draftOf } = await opened();
    expect(draftOf('c1').reply).toBe('');
    expect(held).toEqual({});
  });

  it('come from another window, unless they are being written here', async () => {
    const { setDraft, draftOf, saveDrafts } = await opened();
    const say = (conversation: string, reply: string) =>
      heard['storage']!({
        key: `kefu-console-draft:lin:${conversation}`,
        newValue: JSON.stringify({ reply, at: Date.now() }),
      });
    say('c1', 'elsewhere');
    expect(draftOf('c1').reply).toBe('elsewhere');
    setDraft('c1', { reply: 'here' });
    say('c1', 'elsewhere again');
    expect(draftOf('c1').reply).toBe('here');
    saveDrafts();
    heard['storage']!({ key: 'kefu-console-draft:lin:c1', newValue: null });
    expect(draftOf('c1').reply).toBe('');
  });
});
