import { describe, expect, it } from 'vitest';
import type { CannedReply } from '../../../protocol/types';
import { initialsOf } from '../search/initials';
import { matching } from '../canned/match';

const initials = (word: string) => [...word].map((each) => initialsOf(each)[0]).join('');

describe('initials', () => {
  it.each([
    ['退款', 'tk'],
    ['发票', 'fp'],
    ['物流', 'wl'],
    ['优惠券', 'yhq'],
    ['您好', 'nh'],
    ['快递单号', 'kddh'],
    ['售后', 'sh'],
    ['请稍等', 'qsd'],
    ['谢谢', 'xx'],
    ['啊', 'a'],
    ['做', 'z'],
    ['反馈', 'fk'],
  ])('%s is %s', (word, expected) => expect(initials(word)).toBe(expected));

  it('knows other readings beside the first', () => {
    expect(initialsOf('行')).toContain('h');
    expect(initialsOf('行')).toContain('x');
    expect(initialsOf('重')).toContain('c');
    expect(initialsOf('长')).toContain('z');
    expect(initialsOf('还')).toContain('h');
    expect(initialsOf('调')).toContain('d');
    expect(initialsOf('调')).toContain('t');
  });

  it('has none for what is not Chinese', () => {
    expect(initialsOf('k')).toBe('');
    expect(initialsOf('😀')).toBe('');
  });
});

const reply = (shortcut: string, title: string, text = '', uses = 0): CannedReply => ({
  id: shortcut,
  shared: true,
  folder: '',
  shortcut,
  title,
  text,
  uses,
  created_at: '',
  updated_at: '',
});

const REPLIES = [
  reply('refund', '退款说明', '退款将在三个工作日内到账'),
  reply('hello', '您好', '您好，请问有什么可以帮您？', 9),
  reply('coupon', '优惠券', '满 299 元可用'),
  reply('tk-late', '催一催', '已经为您催办'),
  reply('bank', '银行账户', '请核对账户'),
];
const found = (query: string) => matching(query, REPLIES).map((each) => each.shortcut);

describe('matching', () => {
  it('finds by the initials of the title, by the shortcut before it', () => {
    expect(found('tk')).toEqual(['tk-late', 'refund']);
    expect(found('yhq')).toEqual(['coupon']);
    expect(found('YHQ')).toEqual(['coupon']);
  });

  it('finds characters and initials mixed, and inside', () => {
    expect(found('退k')).toEqual(['refund']);
    expect(found('sm')).toContain('refund');
  });

  it('takes every reading', () => {
    expect(found('yh')).toContain('bank');
    expect(found('yx')).toContain('bank');
  });

  it('finds in texts last, and what is scattered at the very end', () => {
    expect(found('账')).toEqual(['bank', 'refund']);
    expect(found('rfd')).toEqual(['refund']);
    expect(found('zzz')).toEqual([]);
  });

  it('shows all without a query, the most used first', () => {
    expect(found('')[0]).toBe('hello');
    expect(found('')).toHaveLength(REPLIES.length);
  });
});
