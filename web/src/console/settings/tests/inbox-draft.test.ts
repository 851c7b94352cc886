import { describe, expect, it } from 'vitest';
import { createI18n } from '../../../i18n';
import { texts as forms } from '../../../i18n/forms';
import { texts } from '../../../i18n/inboxes';
import { type InboxDraft, NEW_INBOX, patchOf, tabOf } from '../inboxes/draft';
import { inboxProblems } from '../inboxes/form';
import { originOf, wrongOrigins } from '../inboxes/origins';

const inbox = (patch: Partial<InboxDraft> = {}): InboxDraft => ({
  ...NEW_INBOX,
  name: 'Web',
  ...patch,
});

describe('a change of an inbox', () => {
  it('sends what was changed, and nothing else', () => {
    const base = inbox({ settings: { idle_close_s: 900 } });
    expect(patchOf(base, base)).toEqual({});
    expect(patchOf({ ...base, greeting: 'Hi' }, base)).toEqual({ greeting: 'Hi' });
    const settings = { idle_close_s: 600 };
    expect(patchOf(inbox({ settings }), base)).toEqual({ settings });
  });
});

it('finds the tab of a field that the server blames', () => {
  expect(tabOf('bot.rules')).toBe('bot');
  expect(tabOf('hours.week.monday[0]')).toBe('hours');
  expect(tabOf('idle_warn_s')).toBe('times');
  expect(tabOf('retention.files_days')).toBe('retention');
  expect(tabOf('widget.colour')).toBe('widget');
  expect(tabOf('origins')).toBe('general');
});

it('takes origins, and nothing that only looks like one', () => {
  expect(originOf('https://Shop.example/')).toBe('https://shop.example');
  expect(originOf('http://localhost:3000')).toBe('http://localhost:3000');
  const wrong = [
    '*',
    'shop.example',
    'https://shop.example/path',
    'https://*.shop.example',
    'ftp://a',
  ];
  expect(wrongOrigins([...wrong, 'https://ok.example'])).toEqual(wrong);
});

describe('what the server would refuse', () => {
  const { t } = createI18n(texts, 'en');
  const { t: say } = createI18n(forms, 'en');
  const wrong = (patch: Partial<InboxDraft>) =>
    Object.keys(inboxProblems(inbox({ key: 'web', ...patch }), true, t, say));

  it.each<[string, Partial<InboxDraft>]>([
    ['name', { name: ' ' }],
    ['key', { key: 'Web' }],
    ['greeting', { greeting: 'x'.repeat(1_001) }],
    ['origins', { origins: ['shop.example'] }],
    ['idle_warn_s', { settings: { idle_warn_s: 60 } }],
    ['idle_warn_s', { settings: { idle_warn_s: 60, idle_close_s: 60 } }],
    ['idle_close_s', { settings: { idle_close_s: 31 * 86_400 } }],
    ['retention.files_days', { settings: { retention: { files_days: 0 } } }],
    ['wrap_up.categories', { settings: { wrap_up: { categories: ['a', 'a'] } } }],
    ['wrap_up.categories', { settings: { wrap_up: { categories: ['x'.repeat(101)] } } }],
    ['bot.name', { settings: { bot: { name: '…' } } }],
    ['bot.rules', { settings: { bot: { name: 'K', rules: [{ keywords: [], reply: 'x' }] } } }],
    ['bot.handover_after', { settings: { bot: { name: 'K', handover_after: 11 } } }],
    ['bot.timeout_ms', { settings: { bot: { name: 'K', timeout_ms: 99 } } }],
    [
      'widget.pre_chat',
      { settings: { widget: { pre_chat: [{ name: 'q1', label: '', type: 'text' }] } } },
    ],
  ])('%s', (field, patch) => {
    expect(wrong(patch)).toEqual([field]);
  });

  it('nothing', () => {
    const settings = { idle_warn_s: 60, idle_close_s: 90, bot: { name: '小松' } };
    expect(wrong({ settings, origins: ['https://shop.example'] })).toEqual([]);
  });
});
