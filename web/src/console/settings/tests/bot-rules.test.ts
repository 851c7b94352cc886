import { describe, expect, it } from 'vitest';
import { answerTo, fold, isWord } from '../inboxes/bot-rules';

const kind = (text: string, words: string[] = []) =>
  answerTo({ name: 'K', handover_words: words }, text).kind;

// The cases of crates/core/src/bot/tests.rs: both have to read a message alike.
describe('words that reach a person', () => {
  it.each([
    '人工',
    ' 人 工 ',
    '我要转人工！',
    '人工客服在吗',
    '找真人',
    'AGENT',
    'ＡＧＥＮＴ',
    'an agent, please',
    'service  DESK',
    'hello\nHuman?',
    '请找 agent 谢谢',
    'Operator.',
  ])('%s', (text) => {
    expect(kind(text, ['Service Desk'])).toBe('person');
  });

  it.each(['', '退款', 'agents', 'reagent', 'humanity', 'the service was good', '工人'])(
    'not %s',
    (text) => {
      expect(kind(text, ['Service Desk'])).toBe('none');
    },
  );

  it('looks at the beginning only', () => {
    expect(kind(`${'x '.repeat(2_000)}agent`)).toBe('none');
  });
});

describe('rules', () => {
  const bot = {
    name: 'K',
    rules: [
      { keywords: ['hi', '你好'], exact: true, reply: 'hello' },
      { keywords: ['退款', 'refund'], reply: '3 days' },
      { keywords: ['退款多久'], reply: 'never reached' },
    ],
  };

  it.each([
    ['HI!', 'hello'],
    ['你好。', 'hello'],
    ['hi there', null],
    ['where is it\nhi', 'hello'],
    ['退 款多久到', '3 days'],
    ['my refund?', '3 days'],
    ['refunds', null],
    ['', null],
  ])('%s', (text, reply) => {
    const answer = answerTo(bot, text);
    expect(answer.kind === 'rule' ? answer.reply : null).toBe(reply);
  });
});

it('folds twice as once', () => {
  for (const text of ['Ａ ａ  b', '人 工', ' x\u200by ', '退款 ABC']) {
    expect(fold(fold(text))).toBe(fold(text));
  }
});

it('knows what is a word', () => {
  expect(isWord('退款')).toBe(true);
  expect(isWord('…')).toBe(false);
  expect(isWord(' ')).toBe(false);
  expect(isWord('x'.repeat(61))).toBe(false);
});
