import { describe, expect, it } from 'vitest';
import { agent, conversation } from '../../../list/tests/people';
import { begunAt, type Kind } from '../begun';
import { calledIn } from '../called';
import { Completer, type Option } from '../completer';
import { EMOJI_NAMES, emojiOptions } from '../emoji';
import { callable, mentionOptions } from '../mentions';
import { valueOptions, variableOptions } from '../variables';

const ALL: readonly Kind[] = ['mention', 'emoji', 'variable'];
const begun = (text: string) => {
  const found = begunAt(text, text.length, ALL);
  return found && [found.kind, found.query, text.slice(found.from, found.to)];
};

describe('what begins before the cursor', () => {
  it.each([
    ['@', ['mention', '', '@']],
    ['请@李', ['mention', '李', '@李']],
    ['ask @lin', ['mention', 'lin', '@lin']],
    [':sm', ['emoji', 'sm', ':sm']],
    ['好的，:笑', ['emoji', '笑', ':笑']],
    ['{{', ['variable', '', '{{']],
    ['您好 {{ visitor.n', ['variable', 'visitor.n', '{{ visitor.n']],
  ])('%s', (text, expected) => {
    expect(begun(text)).toEqual(expected);
  });

  it.each(['lin@example', 'https://a', '10:30', 'at:ok', ': sm', ':s', '@lin is', 'a {b', '{{a}}'])(
    'nothing: %s',
    (text) => {
      expect(begun(text)).toBeNull();
    },
  );

  it('is what stands before the cursor, not behind it', () => {
    expect(begunAt('@li is here', 3, ALL)?.query).toBe('li');
    expect(begunAt('@li is here', 11, ALL)).toBeNull();
    expect(begunAt('@li', 3, ['emoji'])).toBeNull();
  });
});

describe('the keys', () => {
  const option = (key: string): Option => ({ key, text: `<${key}>`, label: key, hint: '' });
  const press = (key: string, isComposing = false) => ({
    key,
    isComposing,
    shiftKey: false,
    ctrlKey: false,
    metaKey: false,
    altKey: false,
  });
  function open(text = '@') {
    const put: [number, number, string][] = [];
    const completer = new Completer((...change) => put.push(change));
    completer.sources.value = { mention: () => ['a', 'b', 'c'].map(option) };
    completer.look(text, text.length);
    return { completer, put };
  }

  it('choose, round at the ends, and put in what is chosen', () => {
    const { completer, put } = open('hi @x');
    expect(completer.active.value?.key).toBe('a');
    expect(completer.key(press('ArrowUp'))).toBe(true);
    expect(completer.active.value?.key).toBe('c');
    completer.key(press('ArrowDown'));
    completer.key(press('ArrowDown'));
    expect(completer.key(press('Enter'))).toBe(true);
    expect(put).toEqual([[3, 5, '<b>']]);
    expect(completer.begun.value).toBeNull();
    expect(completer.key(press('Enter'))).toBe(false);
  });

  it('are the input method\'s while it composes, and anything else is the field\'s', () => {
    const { completer } = open();
    expect(completer.key(press('Enter', true))).toBe(false);
    expect(completer.key(press('x'))).toBe(false);
    expect(completer.key({ ...press('Enter'), shiftKey: true })).toBe(false);
  });

  it('close what is not wanted, until something else begins', () => {
    const { completer } = open('@');
    expect(completer.key(press('Escape'))).toBe(true);
    completer.look('@l', 2);
    expect(completer.begun.value).toBeNull();
    completer.look('@l @', 4);
    expect(completer.begun.value?.from).toBe(3);
  });

  it('have nothing to do where nothing fits', () => {
    const { completer } = open('@');
    completer.sources.value = { mention: () => [] };
    expect(completer.key(press('Enter'))).toBe(false);
  });
});

describe('colleagues', () => {
  const lin = { ...agent('agent'), id: 'lin', name: '李雷' };
  const boss = { ...agent('supervisor'), id: 'boss', name: '李雷雷', status: 'away' as const };
  const ann = { ...agent('supervisor'), id: 'ann', name: 'Ann' };
  const gone = { ...agent('supervisor'), id: 'gone', name: 'Gone', disabled: true };
  const people = [boss, lin, ann, gone, { ...agent('agent'), id: 'other', name: 'Other' }];

  it('are those who may read the conversation, who is there first', () => {
    const held = conversation({ assignee: { id: 'lin', name: '李雷' } });
    expect(callable(people, held, 'me').map(({ id }) => id)).toEqual(['ann', 'lin', 'boss']);
    expect(callable(people, held, 'ann').map(({ id }) => id)).toEqual(['lin', 'boss']);
  });

  it('are found by the sound of their names', () => {
    const found = mentionOptions([lin, ann], 'll', () => '');
    expect(found.map(({ text }) => text)).toEqual(['@李雷 ']);
  });

  it('are called by whole names, the longer of two', () => {
    expect(calledIn('请@李雷雷看看', people)).toEqual(['boss']);
    expect(calledIn('@李雷 和 @李雷雷', people)).toEqual(['boss', 'lin']);
    expect(calledIn('@Ann: please', people)).toEqual(['ann']);
    expect(calledIn('@Anna, mail x@Ann', people)).toEqual([]);
  });
});

describe('emoji', () => {
  it('are found in English, in Chinese and by pinyin', () => {
    const first = (query: string) => emojiOptions(query, 'zh-CN')[0]?.text;
    expect(first('thumbs')).toBe('👍');
    expect(first('鞠躬')).toBe('🙇');
    expect(first('jg')).toBe('🙇');
    expect(first('heart_eyes')).toBe('😍');
    expect(first('nothing like it')).toBeUndefined();
  });

  it('have names in both languages, each its own', () => {
    const names = Object.values(EMOJI_NAMES);
    expect(names.every(([en, zh]) => en !== '' && /\p{Script=Han}/u.test(zh))).toBe(true);
    expect(new Set(names.map(([en]) => en)).size).toBe(names.length);
  });
});

describe('variables', () => {
  const fillings = {
    agent: { ...agent('agent'), name: 'Lin' },
    conversation: conversation({ visitor: { id: 'v', name: '小王', verified: false } }),
    visitor: { attributes: { order: 'A7', nested: {} } } as never,
  };

  it('are put in as what they stand for, where that is known', () => {
    const found = valueOptions(fillings, 'visitor');
    expect(found.map(({ text, hint }) => [text, hint])).toEqual([
      ['小王', 'visitor.name'],
      ['A7', 'visitor.attributes.order'],
    ]);
  });

  it('are put in as they are into what is filled in later', () => {
    const [found] = variableOptions(['visitor.name', 'agent.name'], 'fk', (name) =>
      name === 'visitor.name' ? '访客姓名' : '客服姓名',
    );
    expect(found?.text).toBe('{{visitor.name}}');
  });
});
