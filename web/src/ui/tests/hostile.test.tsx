import { type ComponentChild, render } from 'preact';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import hostile from '../../../e2e/hostile.json';
import { createI18n } from '../../i18n';
import { texts } from '../../i18n/console';
import { message } from '../../protocol/tests/fakes';
import type { Message } from '../../protocol/types';
import { TextsProvider } from '../context';
import { attached, MessageBody } from '../message-body';
import { previewOf } from '../preview';
import { fakeDocument, FakeNode } from './fake-dom';

const ORIGIN = 'https://kefu.invalid';
const i18n = createI18n(texts, 'en');

beforeAll(async () => {
  vi.stubGlobal('document', fakeDocument);
  vi.stubGlobal('location', new URL(`${ORIGIN}/console/`));
  await attached.load();
});

/** Everything that a message may ever become. */
const ELEMENTS = new Set(
  (
    'div span p a button ul ol li dl dt dd strong em code bdi img audio video svg path form ' +
    'label input textarea select option'
  ).split(' '),
);
const ATTRIBUTES = new Set(
  (
    'class dir lang href title target rel key src alt loading decoding controls preload download type ' +
    'aria-label aria-hidden aria-invalid aria-describedby aria-required role id for rows value ' +
    'maxLength inputMode disabled checked noValidate start width height viewBox fill stroke ' +
    'stroke-width stroke-linecap stroke-linejoin d'
  ).split(' '),
);
const LINK = /^(https?:\/\/(?![^/]*@)|geo:-?[\d.]+,-?[\d.]+$|\/files\/)/;

function show(content: ComponentChild): FakeNode {
  const root = new FakeNode(1, 'root');
  render(
    <TextsProvider value={i18n}>{content}</TextsProvider>,
    root as unknown as Parameters<typeof render>[1],
  );
  return root;
}

function expectHarmless(root: FakeNode): void {
  for (const element of root.elements()) {
    expect(ELEMENTS, element.localName).toContain(element.localName);
    for (const [name, value] of element.attributes) {
      expect(ATTRIBUTES, `${element.localName} ${name}`).toContain(name);
      if (name === 'href') expect(value).toMatch(LINK);
      if (name === 'lang') expect(value).toMatch(/^[a-z]{2}$/);
      if (name === 'src') expect(value.replace(ORIGIN, '')).toMatch(/^\/files\//);
    }
    for (const listener of element.listeners.values()) expect(typeof listener).toBe('function');
    if (element.attributes.get('target') === '_blank') {
      expect(element.attributes.get('rel')).toContain('noopener');
    }
  }
}

const visitor = { kind: 'visitor', id: 'v', name: '' } as const;

function body(over: Partial<Message>, related?: Message) {
  return show(
    <MessageBody
      message={message(1, over)}
      side="visitor"
      related={related}
      onReply={() => undefined}
      onAnswer={() => undefined}
      onOpenImage={() => undefined}
    />,
  );
}

const shown = (over: Partial<Message>) => {
  const root = body(over);
  expectHarmless(root);
  return root.textContent;
};

describe.each(hostile.texts)('%s', (text) => {
  it('of a visitor is shown as it is', () => {
    expect(shown({ text, from: visitor })).toBe(text);
  });

  it('of an agent makes nothing but its own few elements', () => {
    shown({ text });
    shown({ text, kind: 'note' });
    expect(previewOf(message(1, { text }), i18n)).toBe(text);
  });

  it('in a card, a place and a form stays text', () => {
    const card = { title: text, subtitle: text, price: text };
    expect(shown({ kind: 'card', data: card })).toContain(text);
    const place = { latitude: 1, longitude: 2, name: text, address: text };
    expect(shown({ kind: 'location', data: place })).toContain(text);
    const field = { name: text, label: text, type: 'select', options: [text] };
    expect(shown({ kind: 'form', data: { title: text, fields: [field] } })).toContain(text);
    const values = [{ name: text, value: text }];
    const answers = { answers_seq: 1, values };
    expect(shown({ kind: 'form', data: answers, from: visitor })).toContain(text);
  });
});

const urls = [...hostile.webUrls, ...hostile.otherUrls];

it.each(urls)('no picture and no script comes from %s', (url) => {
  const buttons = [
    { label: 'open', url },
    { label: 'say', reply: url },
  ];
  const root = body({ kind: 'card', data: { title: 'A card', image_url: url, url, buttons } });
  expectHarmless(root);
  expect(root.elements().filter((each) => each.localName === 'img')).toEqual([]);
});

it('a card shows a picture of this server', () => {
  const root = body({ kind: 'card', data: { title: 'x', image_url: `${ORIGIN}/files/a/b.png` } });
  expectHarmless(root);
  expect(root.elements().filter((each) => each.localName === 'img')).toHaveLength(1);
});

it.each(hostile.fileNames)('a file called %s is only called so', (name) => {
  const url = '/files/f/x?expires=9999999999';
  const file = { file_id: 'f', name, size: 3, media_type: name, url };
  for (const kind of ['image', 'file', 'voice', 'video'] as const) {
    const root = body({ kind, data: file });
    expectHarmless(root);
  }
  expect(shown({ kind: 'file', data: file })).toContain(name);
});

it.each(hostile.labels)('a question called %s can be asked and answered', (label) => {
  const types = ['text', 'multiline', 'email', 'phone', 'number', 'date', 'checkbox'] as const;
  const fields = types.map((type) => ({ name: label, label, type }));
  const questions = message(1, { kind: 'form', data: { title: label, fields } });
  expectHarmless(body({ ...questions }));
  const values = [{ name: label, value: label }];
  const answers = message(2, { kind: 'form', data: { answers_seq: 1, values }, from: visitor });
  const answered = body({ ...questions }, answers);
  expectHarmless(answered);
  expect(answered.elements().some((each) => each.localName === 'form')).toBe(false);
  expect(answered.textContent).toContain(label);
});

it.each(hostile.labels)('a box that is ticked with %s shows that', (value) => {
  const fields = [{ name: 'a', label: 'A', type: 'checkbox' as const }];
  const questions = message(1, { kind: 'form', data: { fields } });
  const data = { answers_seq: 1, values: [{ name: 'a', value }] };
  const root = body({ kind: 'form', data, from: visitor }, questions);
  expectHarmless(root);
  expect(root.textContent).toContain(value);
});

it('what was taken back or erased says nothing of what it was', () => {
  for (const revision of ['recalled', 'erased'] as const) {
    const root = body({ text: 'secret', data: { title: 'secret' }, kind: 'card', revision });
    expect(root.textContent).not.toContain('secret');
  }
});

it('writes the few marks that agents and bots use', () => {
  const root = body({ text: 'a **b** *c* `d` [e](https://f.example/)\n- g\n- h\n3. i' });
  const names = root.elements().map((each) => each.localName);
  for (const name of ['strong', 'em', 'code', 'a', 'ul', 'ol']) expect(names).toContain(name);
  const list = root.elements().find((each) => each.localName === 'ol');
  expect(list?.attributes.get('start')).toBe('3');
  expect(body({ text: '5*3*2 = 30, 2 * 3 * 4' }).textContent).toBe('5*3*2 = 30, 2 * 3 * 4');
  expect(body({ text: '**b**', from: visitor }).textContent).toBe('**b**');
});

it('a label does not hide another address', () => {
  const of = (text: string) => body({ text }).textContent;
  expect(of('[bank.example](https://evil.example/)')).toBe('https://evil.example/');
  expect(of('[our shop](https://shop.example/)')).toBe('our shop');
});
