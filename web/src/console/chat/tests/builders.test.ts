import { describe, expect, it } from 'vitest';
import type { Agent, Conversation, Visitor } from '../../../protocol/types';
import { cardData, cardProblems, EMPTY_CARD } from '../builders/card';
import { EMPTY_FORM, formData, isComplete, NEW_QUESTION } from '../builders/form';
import { filled } from '../canned/fill';

describe('card', () => {
  it('holds what was filled in; a button without an address says something', () => {
    const draft = {
      ...EMPTY_CARD,
      title: ' Lamp ',
      price: '¥299',
      buttons: [
        { label: 'Buy', target: 'https://shop.example/p/1' },
        { label: 'More', target: '' },
        { label: 'Grey one', target: 'Is there a grey one?' },
        { label: ' ', target: 'https://shop.example' },
      ],
    };
    expect(cardProblems(draft).size).toBe(0);
    expect(cardData(draft)).toEqual({
      title: 'Lamp',
      price: '¥299',
      buttons: [
        { label: 'Buy', url: 'https://shop.example/p/1' },
        { label: 'More', reply: 'More' },
        { label: 'Grey one', reply: 'Is there a grey one?' },
      ],
    });
  });

  it('needs a title, and addresses of the web', () => {
    const draft = { ...EMPTY_CARD, url: 'javascript:alert(1)', image_url: 'shop.example/a.png' };
    expect([...cardProblems(draft)]).toEqual(['title', 'url', 'image_url']);
  });
});

describe('form', () => {
  it('has a name for each question, and options where one chooses', () => {
    const questions = [
      { ...NEW_QUESTION, label: 'Order', required: true },
      { ...NEW_QUESTION, label: 'Why', type: 'select' as const, options: 'late\n\n wrong \nlate' },
    ];
    const draft = { title: '', questions };
    expect(isComplete(draft)).toBe(true);
    expect(formData(draft)).toEqual({
      fields: [
        { name: 'q1', label: 'Order', type: 'text', required: true },
        { name: 'q2', label: 'Why', type: 'select', required: false, options: ['late', 'wrong'] },
      ],
    });
  });

  it('is not complete without words, or with a choice of one', () => {
    expect(isComplete(EMPTY_FORM)).toBe(false);
    const lone = { ...NEW_QUESTION, label: 'Why', type: 'select' as const, options: 'late' };
    expect(isComplete({ title: '', questions: [lone] })).toBe(false);
  });
});

describe('variables of a canned reply', () => {
  const fillings = {
    agent: { name: 'Lin' } as Agent,
    conversation: {
      id: 'c1',
      visitor: { id: 'v1', name: '', verified: false },
      inbox: { id: 'i1', key: 'web', name: 'Shop' },
    } as Conversation,
    visitor: { attributes: { order: 'LP-1', points: 12 } } as unknown as Visitor,
  };
  const text = (template: string) =>
    filled(template, fillings)
      .map((each) => each.text)
      .join('');

  it('are filled in, or say what stands behind the bar', () => {
    expect(text('{{visitor.name|friend}}, {{ agent.name }} of {{inbox.name}}')).toBe(
      'friend, Lin of Shop',
    );
    expect(text('{{visitor.attributes.order}} {{visitor.attributes.points}}')).toBe('LP-1 12');
  });

  it('show when they have no value', () => {
    const pieces = filled('order {{visitor.attributes.size}}!', fillings);
    expect(pieces.map(({ text, missing }) => [text, missing])).toEqual([
      ['order ', false],
      ['visitor.attributes.size', true],
      ['!', false],
    ]);
  });

  it('leave other braces alone', () => expect(text('a {b} {{}} c')).toBe('a {b} {{}} c'));
});
