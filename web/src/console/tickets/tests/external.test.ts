import { expect, it } from 'vitest';
import { createI18n } from '../../../i18n';
import { texts } from '../../../i18n/console';
import type { ExternalState, ExternalWrite } from '../../../protocol/external';
import { message } from '../../../protocol/tests/fakes';
import type { EventCode } from '../../../protocol/types';
import { eventText, isExternal } from '../../chat/event-text';
import { openWrites } from '../external-writes';

const i18n = createI18n(texts, 'en');

const told = (code: EventCode, data?: Record<string, unknown>) =>
  message(1, { kind: 'note', text: 'plain', event: { code }, ...(data ? { data } : {}) });

const data = { service: 'Desk', number: 'T-7', url: 'https://desk.example/T-7' };

it('says what became of a ticket elsewhere, with its number', () => {
  const say = (code: EventCode, more = {}) => eventText(told(code, { ...data, ...more }), i18n);
  expect(say('ticket.external.created')).toBe('Desk: ticket T-7 created');
  expect(say('ticket.external.commented')).toBe('Desk: comment added to ticket T-7');
  expect(say('ticket.external.failed', { reason: 'no such customer' })).toBe(
    'Desk: not done. no such customer',
  );
  expect(say('ticket.external.unknown')).toBe('Desk: not known whether it was done.');
});

it('names nothing after an erasure, and no other event', () => {
  expect(eventText(told('ticket.external.created'), i18n)).toBe('A ticket in another system');
  expect(isExternal(told('ticket.external.updated'))).toBe(true);
  expect(isExternal(told('edited'))).toBe(false);
  expect(isExternal(message(1, {}))).toBe(false);
});

it('keeps in sight what is neither done nor done with', () => {
  const states: ExternalState[] = ['waiting', 'sending', 'done', 'failed', 'unknown', 'dismissed'];
  const writes = states.map((state) => ({ id: state, state }) as ExternalWrite);
  expect(openWrites(writes).map((each) => each.id)).toEqual([
    'waiting',
    'sending',
    'failed',
    'unknown',
  ]);
});
