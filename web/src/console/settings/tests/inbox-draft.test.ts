import { describe, expect, it } from 'vitest';
import { type InboxDraft, NEW_INBOX, patchOf, tabOf } from '../inboxes/draft';
import { originOf, wrongOrigins } from '../inboxes/origins';

const inbox = (patch: Partial<InboxDraft> = {}): InboxDraft => ({ ...NEW_INBOX, name: 'Web', ...patch });

describe('a change of an inbox', () => {
  it('sends what was changed, and nothing else', () => {
    const base = inbox({ settings: { idle_close_s: 900 } });
    expect(patchOf(base, base, base)).toEqual({});
    expect(patchOf({ ...base, greeting: 'Hi' }, base, base)).toEqual({ greeting: 'Hi' });
  });

  it('keeps settings that somebody else changed meanwhile', () => {
    const base = inbox({ settings: { idle_close_s: 900, waiting_target_s: 60 } });
    const draft = inbox({ settings: { idle_close_s: 600, waiting_target_s: 60 } });
    const now = inbox({ settings: { idle_close_s: 900, waiting_target_s: 30, help_hidden: true } });
    expect(patchOf(draft, base, now).settings).toEqual({
      idle_close_s: 600,
      waiting_target_s: 30,
      help_hidden: true,
    });
  });

  it('takes out what was taken out here', () => {
    const base = inbox({ settings: { bot: { name: 'K' }, idle_close_s: 900 } });
    const draft = inbox({ settings: { idle_close_s: 900 } });
    expect(JSON.parse(JSON.stringify(patchOf(draft, base, base)))).toEqual({
      settings: { idle_close_s: 900 },
    });
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
  const wrong = ['*', 'shop.example', 'https://shop.example/path', 'https://*.shop.example', 'ftp://a'];
  expect(wrongOrigins([...wrong, 'https://ok.example'])).toEqual(wrong);
});
