import { describe, expect, it } from 'vitest';
import { measured } from '../../../protocol/tests/patience';
import { parseMarkdown } from '../markdown/parse';
import type { Block, Inline } from '../markdown/tree';

/** The tree as HTML that is easy to read in a test; the page itself never makes any. */
function html(text: string): string {
  return parseMarkdown(text)
    .map((block) => blockHtml(block))
    .join('');
}

function blockHtml(block: Block, tight = false): string {
  switch (block.kind) {
    case 'paragraph':
      return tight ? inlineHtml(block.content) : `<p>${inlineHtml(block.content)}</p>`;
    case 'heading':
      return `<h${block.level}>${inlineHtml(block.content)}</h${block.level}>`;
    case 'code':
      return `<pre>${escaped(block.text)}</pre>`;
    case 'rule':
      return '<hr>';
    case 'quote':
      return `<blockquote>${block.children.map((each) => blockHtml(each)).join('')}</blockquote>`;
    case 'list': {
      const items = block.items.map(
        (item) => `<li>${item.map((each) => blockHtml(each, block.tight)).join('')}</li>`,
      );
      const [open, close] =
        block.start === null ? ['<ul>', '</ul>'] : [`<ol ${block.start}>`, '</ol>'];
      return `${open}${items.join('')}${close}`;
    }
    case 'table': {
      const row = (cells: Inline[][]) =>
        `<tr>${cells.map((each) => `<td>${inlineHtml(each)}`).join('')}`;
      return `<table>${[block.head, ...block.rows].map(row).join('')}`;
    }
  }
}

function inlineHtml(nodes: readonly Inline[]): string {
  return nodes
    .map((node) => {
      switch (node.kind) {
        case 'text':
          return escaped(node.text);
        case 'code':
          return `<code>${escaped(node.text)}</code>`;
        case 'break':
          return '<br>';
        case 'link':
          return `<a ${node.href ?? ''}>${inlineHtml(node.children)}</a>`;
        default:
          return `<${node.kind}>${inlineHtml(node.children)}</${node.kind}>`;
      }
    })
    .join('');
}

function escaped(text: string): string {
  return text.replace(/</g, '&lt;');
}

describe('Markdown', () => {
  it.each([
    ['# 退款\n\n**三天**', '<h2>退款</h2><p><strong>三天</strong></p>'],
    [
      'a *b* _c_ ***d*** e*f*g h_i_j',
      '<p>a <em>b</em> <em>c</em> <em><strong>d</strong></em> e<em>f</em>g h_i_j</p>',
    ],
    ['**中文**后面', '<p><strong>中文</strong>后面</p>'],
    ['~~old~~ ~one~ ~~~x', '<p><del>old</del> <del>one</del> ~~~x</p>'],
    ['`a*b*` ``c`d``', '<p><code>a*b*</code> <code>c`d</code></p>'],
    ['a  \nb\\\nc\nd', '<p>a<br>b<br>c\nd</p>'],
    ['\\*no\\* &amp; &copy; &#x9000; &nope;', '<p>*no* & © 退 &nope;</p>'],
    [
      '- a\n- b\n  - c\n\n1. x\n2. y',
      '<ul><li>a</li><li>b<ul><li>c</li></ul></li></ul><ol 1><li>x</li><li>y</li></ol>',
    ],
    ['- a\n\n- b', '<ul><li><p>a</p></li><li><p>b</p></li></ul>'],
    ['3) x\n\n   y', '<ol 3><li><p>x</p><p>y</p></li></ol>'],
    ['- a\nlazy\n\nafter', '<ul><li>a\nlazy</li></ul><p>after</p>'],
    ['> a\nb\n>\n> - c', '<blockquote><p>a\nb</p><ul><li>c</li></ul></blockquote>'],
    ['```js\n<b> *x*\n```\nz', '<pre>&lt;b> *x*</pre><p>z</p>'],
    ['    code\n\n    more', '<pre>code\n\nmore</pre>'],
    ['Title\n===\nSub\n---\n\n***', '<h2>Title</h2><h3>Sub</h3><hr>'],
    ['###### six', '<h6>six</h6>'],
    ['|a|b|\n|-|:-:|\n|1|2\\|3|\n|x|', '<table><tr><td>a<td>b<tr><td>1<td>2|3<tr><td>x'],
    [
      '[a](https://a.example "t") ![p](https://a.example/1.png)',
      '<p><a https://a.example>a</a> <a https://a.example/1.png>p</a></p>',
    ],
    [
      '[x][Ref] [ref]\n\n[ref]: https://r.example',
      '<p><a https://r.example>x</a> <a https://r.example>ref</a></p>',
    ],
    [
      '<https://a.example/> <help@example.com>',
      '<p><a https://a.example/>https://a.example/</a> <a mailto:help@example.com>help@example.com</a></p>',
    ],
    [
      '[a [b](https://b.example)](https://a.example)',
      '<p>[a <a https://b.example>b</a>](https://a.example)</p>',
    ],
  ])('%s', (text, expected) => {
    expect(html(text)).toBe(expected);
  });

  it.each([
    ['<script>alert(1)</script>', '<p>&lt;script>alert(1)&lt;/script></p>'],
    ['a <img src=x onerror=alert(1)> b', '<p>a &lt;img src=x onerror=alert(1)> b</p>'],
    ['<div>\n**x**\n</div>', '<p>&lt;div>\n**x**\n&lt;/div></p>'],
    ['[x](javascript:alert(1))', '<p><a >x</a></p>'],
    ['[x](JaVaScRiPt:alert(1))', '<p><a >x</a></p>'],
    ['[x](data:text/html,x)', '<p><a >x</a></p>'],
    ['[x](//evil.example)', '<p><a >x</a></p>'],
    ['<javascript:alert(1)>', '<p><a >javascript:alert(1)</a></p>'],
    ['[x]\n\n[x]: javascript:alert(1)', '<p><a >x</a></p>'],
  ])('shows what could run: %s', (text, expected) => {
    expect(html(text)).toBe(expected);
  });
});

/** Numbers that look like chance and are the same each time (mulberry32). */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const SCRAPS = [
  ...'-<>[]()!#*_`|~&;:"\'/\\= \n\t退a1.',
  'https://x.example',
  'javascript:alert(1)',
  '](',
  '![',
  '**',
  '\n\n',
  '\n- ',
  '\n> ',
  '\n1. ',
  '\n```\n',
  '|\n|-|\n',
  '<script>',
  '&#106;avascript:',
  'mailto:',
  '\u202e',
];

function hostile(seed: number): string {
  const next = chance(seed);
  const length = Math.floor(next() * 60);
  return Array.from({ length }, () => SCRAPS[Math.floor(next() * SCRAPS.length)]).join('');
}

const BLOCKS = ['paragraph', 'heading', 'code', 'rule', 'quote', 'list', 'table'];
const INLINES = ['text', 'code', 'break', 'strong', 'em', 'del', 'link'];

function walk(nodes: readonly (Block | Inline)[], see: (node: Block | Inline) => void): void {
  for (const node of nodes) {
    see(node);
    if ('children' in node) walk(node.children, see);
    if ('content' in node) walk(node.content, see);
    if (node.kind === 'list') for (const item of node.items) walk(item, see);
    if (node.kind === 'table') for (const cell of [node.head, ...node.rows].flat()) walk(cell, see);
  }
}

/** What is wrong with a node; null when nothing is. */
function oddness(node: Block | Inline): string | null {
  if (![...BLOCKS, ...INLINES].includes(node.kind)) return `kind ${node.kind}`;
  if (node.kind === 'link' && node.href !== null && !/^(https?:\/\/|mailto:)/i.test(node.href)) {
    return `address ${node.href}`;
  }
  return 'text' in node && typeof node.text !== 'string' ? 'text' : null;
}

it('makes nothing but known nodes and harmless addresses of any text', () => {
  for (let seed = 0; seed < 3_000; seed += 1) {
    const text = hostile(seed);
    const odd: string[] = [];
    walk(parseMarkdown(text), (node) => {
      const what = oddness(node);
      if (what !== null) odd.push(what);
    });
    expect(odd, text).toEqual([]);
  }
});

const LONG = ['[', '![', '*a ', '**', '_', '~', '`', '> ', '- ', '<', '&', '|', '[a](', '\\', '('];

/** A second on a machine of its own; work beyond the length of a text would take minutes. */
it('is done with long and deep texts in no time', () => {
  const { microseconds } = measured(() => {
    for (const scrap of LONG) {
      parseMarkdown(scrap.repeat(50_000 / scrap.length));
      parseMarkdown(`${scrap}\n`.repeat(25_000 / scrap.length));
    }
  });
  expect(microseconds).toBeLessThan(20_000_000);
});
