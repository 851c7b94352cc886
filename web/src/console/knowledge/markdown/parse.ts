import { foldName, parseInline } from './inline';
import type { Align, Block, Inline, References } from './tree';

/** Deeper than this, quotes and lists are text. */
const DEPTH_MAX = 12;
const COLUMNS_MAX = 100;

const FENCE = /^ {0,3}(`{3,}(?=[^`]*$)|~{3,})/;
const HEADING = /^ {0,3}(#{1,6})(?= |$)/;
const RULE = /^ {0,3}(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$/;
const QUOTE = /^ {0,3}> ?/;
const ITEM = /^( {0,3})([-+*]|\d{1,9}[.)])(?:([ \t]+)(.*))?$/;
const UNDERLINE = /^ {0,3}(=+|-+)[ \t]*$/;
const DELIMITER = /^ {0,3}\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$/;
const HTML = /^ {0,3}<(?:[/!?]|[a-z])/i;
const HTML_BLOCK =
  /^ {0,3}<(?:!|\?|\/?(?:address|article|aside|blockquote|body|center|details|dialog|div|dl|fieldset|figure|footer|form|frame|h[1-6]|head|header|hr|html|iframe|li|link|main|menu|nav|object|ol|p|pre|script|section|style|table|tbody|td|textarea|tfoot|th|thead|title|tr|ul)(?:[\s/>]|$)|\/?[a-z][a-z0-9-]*(?:[\s/][^<>]*)?>\s*$)/i;
const DEFINITION =
  /^ {0,3}\[([^[\]]+)\]:\s*<?([^\s<>]+)>?(?:\s+(?:"[^"]*"|'[^']*'|\([^()]*\)))?\s*$/;

/** Reads the Markdown that the server's help pages show: CommonMark with tables and strikethrough. */
export function parseMarkdown(text: string): Block[] {
  const lines = text.replace(/\r\n?/g, '\n').replace(/\t/g, '    ').split('\n');
  const references = new Map<string, string>();
  const blocks = parseBlocks(lines, references, 0);
  return blocks.map((block) => resolve(block, references));
}

type RawBlock = Block<string>;

function parseBlocks(
  lines: readonly string[],
  references: Map<string, string>,
  depth: number,
): RawBlock[] {
  const blocks: RawBlock[] = [];
  let paragraph: string[] = [];
  const endParagraph = () => {
    const kept = withoutDefinitions(paragraph, references);
    if (kept.length > 0) blocks.push({ kind: 'paragraph', content: joined(kept) });
    paragraph = [];
  };
  for (let at = 0; at < lines.length;) {
    const line = lines[at]!;
    const inParagraph = paragraph.length > 0;
    if (line.trim() === '') {
      endParagraph();
      at += 1;
      continue;
    }
    const underline = UNDERLINE.exec(line);
    if (inParagraph && underline) {
      const level = underline[1]![0] === '=' ? 2 : 3;
      blocks.push({ kind: 'heading', level, content: joined(paragraph) });
      paragraph = [];
      at += 1;
      continue;
    }
    const fence = FENCE.exec(line);
    if (fence) {
      endParagraph();
      at = readFence(lines, at, fence[1]!, blocks);
      continue;
    }
    const heading = HEADING.exec(line);
    if (heading) {
      endParagraph();
      const level = Math.min(heading[1]!.length + 1, 6) as 2 | 3 | 4 | 5 | 6;
      blocks.push({ kind: 'heading', level, content: headingText(line.slice(heading[0].length)) });
      at += 1;
      continue;
    }
    if (RULE.test(line)) {
      endParagraph();
      blocks.push({ kind: 'rule' });
      at += 1;
      continue;
    }
    if (depth < DEPTH_MAX && QUOTE.test(line)) {
      endParagraph();
      at = readQuote(lines, at, references, depth, blocks);
      continue;
    }
    if (depth < DEPTH_MAX && beginsList(line, inParagraph)) {
      endParagraph();
      at = readList(lines, at, references, depth, blocks);
      continue;
    }
    if (!inParagraph && line.startsWith('    ')) {
      at = readIndented(lines, at, blocks);
      continue;
    }
    if (HTML.test(line) && HTML_BLOCK.test(line) && !inParagraph) {
      at = readHtml(lines, at, blocks);
      continue;
    }
    if (!inParagraph && isTable(line, lines[at + 1])) {
      at = readTable(lines, at, blocks);
      continue;
    }
    paragraph.push(line);
    at += 1;
  }
  endParagraph();
  return blocks;
}

/** Without the `#` that may close it. */
function headingText(text: string): string {
  const whole = text.trim();
  let end = whole.length;
  while (whole[end - 1] === '#') end -= 1;
  const closed = end < whole.length && (end === 0 || whole[end - 1] === ' ');
  return closed ? whole.slice(0, end).trimEnd() : whole;
}

function joined(lines: readonly string[]): string {
  return lines
    .map((line) => line.trimStart())
    .join('\n')
    .trimEnd();
}

/** `[name]: address` at the beginning of a paragraph is no text. */
function withoutDefinitions(lines: string[], references: Map<string, string>): string[] {
  let at = 0;
  for (; at < lines.length; at += 1) {
    const match = DEFINITION.exec(lines[at]!);
    if (!match) break;
    const name = foldName(match[1]!);
    if (!references.has(name)) references.set(name, match[2]!);
  }
  return lines.slice(at);
}

function readFence(
  lines: readonly string[],
  start: number,
  fence: string,
  out: RawBlock[],
): number {
  const close = new RegExp(`^ {0,3}\\${fence[0]}{${fence.length},}[ ]*$`);
  const indent = lines[start]!.length - lines[start]!.trimStart().length;
  const inset = new RegExp(`^ {0,${indent}}`);
  const body: string[] = [];
  let at = start + 1;
  for (; at < lines.length && !close.test(lines[at]!); at += 1) {
    body.push(lines[at]!.replace(inset, ''));
  }
  out.push({ kind: 'code', text: body.join('\n') });
  return at + 1;
}

function readIndented(lines: readonly string[], start: number, out: RawBlock[]): number {
  let at = start;
  const body: string[] = [];
  while (at < lines.length && (lines[at]!.startsWith('    ') || lines[at]!.trim() === '')) {
    body.push(lines[at]!.slice(4));
    at += 1;
  }
  out.push({ kind: 'code', text: body.join('\n').trimEnd() });
  return at;
}

/** HTML is shown as it was typed, in a paragraph that a blank line ends. */
function readHtml(lines: readonly string[], start: number, out: RawBlock[]): number {
  let at = start;
  while (at < lines.length && lines[at]!.trim() !== '') at += 1;
  const text = lines.slice(start, at).join('\n').trim();
  out.push({ kind: 'paragraph', content: text.replace(/[!-/:-@[-`{-~]/g, '\\$&') });
  return at;
}

function readQuote(
  lines: readonly string[],
  start: number,
  references: Map<string, string>,
  depth: number,
  out: RawBlock[],
): number {
  const body: string[] = [];
  let at = start;
  for (; at < lines.length; at += 1) {
    const line = lines[at]!;
    if (QUOTE.test(line)) body.push(line.replace(QUOTE, ''));
    else if (goesOn(line, body)) body.push(line.trimStart());
    else break;
  }
  out.push({ kind: 'quote', children: parseBlocks(body, references, depth + 1) });
  return at;
}

/** Whether a line is the rest of a paragraph that stands in a quote or an item. */
function goesOn(line: string, body: readonly string[]): boolean {
  const last = body[body.length - 1];
  return (
    last !== undefined &&
    last.trim() !== '' &&
    !FENCE.test(last) &&
    line.trim() !== '' &&
    !FENCE.test(line) &&
    !HEADING.test(line) &&
    !RULE.test(line) &&
    !ITEM.test(line) &&
    !QUOTE.test(line)
  );
}

/** A list begins within a paragraph only with a text, and with number 1. */
function beginsList(line: string, inParagraph: boolean): boolean {
  const item = ITEM.exec(line);
  if (!item) return false;
  if (!inParagraph) return true;
  return Boolean(item[4]) && (!/\d/.test(item[2]!) || parseInt(item[2]!, 10) === 1);
}

function readList(
  lines: readonly string[],
  start: number,
  references: Map<string, string>,
  depth: number,
  out: RawBlock[],
): number {
  const first = ITEM.exec(lines[start]!)![2]!;
  const sign = first[first.length - 1];
  const items: RawBlock[][] = [];
  let tight = true;
  let at = start;
  while (at < lines.length) {
    const item = ITEM.exec(lines[at]!);
    const same = item !== null && item[2]!.endsWith(sign!) && !RULE.test(lines[at]!);
    if (!item || !same) break;
    const blanks = item[3]?.length ?? 0;
    // Five blanks and more begin code within the item.
    const inset = item[1]!.length + item[2]!.length + (blanks > 4 || !item[4] ? 1 : blanks);
    const body = [lines[at]!.slice(inset)];
    at += 1;
    for (; at < lines.length; at += 1) {
      const line = lines[at]!;
      const indent = line.length - line.trimStart().length;
      if (line.trim() === '') body.push('');
      else if (indent >= inset) body.push(line.slice(inset));
      else if (goesOn(line, body)) body.push(line.trimStart());
      else break;
    }
    const gap = body[body.length - 1] === '' && at < lines.length;
    while (body[body.length - 1] === '') body.pop();
    const children = parseBlocks(body, references, depth + 1);
    if (hasGap(body, children)) tight = false;
    items.push(children);
    const next = at < lines.length ? ITEM.exec(lines[at]!) : null;
    if (gap && next?.[2]!.endsWith(sign!)) tight = false;
  }
  const number = /\d/.test(first) ? parseInt(first, 10) : null;
  out.push({ kind: 'list', start: number, tight, items });
  return at;
}

/** A blank line between two blocks of an item. */
function hasGap(body: readonly string[], children: readonly RawBlock[]): boolean {
  return (
    children.length > 1 && body.includes('') && children.some((each) => each.kind === 'paragraph')
  );
}

function isTable(head: string, delimiter: string | undefined): boolean {
  if (delimiter === undefined || !head.includes('|') || !DELIMITER.test(delimiter)) return false;
  const columns = cells(head).length;
  return columns <= COLUMNS_MAX && columns === cells(delimiter).length;
}

function readTable(lines: readonly string[], start: number, out: RawBlock[]): number {
  const head = cells(lines[start]!);
  const align = cells(lines[start + 1]!).map(alignOf);
  const rows: string[][] = [];
  let at = start + 2;
  for (; at < lines.length && lines[at]!.trim() !== '' && !beginsBlock(lines[at]!); at += 1) {
    rows.push(cells(lines[at]!).slice(0, head.length));
  }
  out.push({ kind: 'table', align, head, rows });
  return at;
}

function beginsBlock(line: string): boolean {
  return (
    FENCE.test(line) || HEADING.test(line) || RULE.test(line) || QUOTE.test(line) || ITEM.test(line)
  );
}

function alignOf(cell: string): Align {
  if (cell.startsWith(':')) return cell.endsWith(':') ? 'center' : 'start';
  return cell.endsWith(':') ? 'end' : null;
}

/** The cells of a row; `\|` stands for a bar in one of them. */
function cells(line: string): string[] {
  const parts = line.trim().split('|');
  const found: string[] = [];
  let joins = false;
  for (const part of parts) {
    const cell: string = joins ? `${found.pop()!}|${part}` : part;
    joins = cell.endsWith('\\');
    found.push(joins ? cell.slice(0, -1) : cell);
  }
  if (joins) found.push(`${found.pop()!}\\`);
  if (found.length > 1 && found[0]!.trim() === '') found.shift();
  if (found.length > 1 && found[found.length - 1]!.trim() === '') found.pop();
  return found.map((cell) => cell.trim());
}

function resolve(block: RawBlock, references: References): Block {
  const inline = (text: string): Inline[] => parseInline(text, references);
  switch (block.kind) {
    case 'paragraph':
      return { kind: 'paragraph', content: inline(block.content) };
    case 'heading':
      return { ...block, content: inline(block.content) };
    case 'quote':
      return { kind: 'quote', children: block.children.map((each) => resolve(each, references)) };
    case 'list':
      return {
        ...block,
        items: block.items.map((item) => item.map((each) => resolve(each, references))),
      };
    case 'table':
      return {
        ...block,
        head: block.head.map(inline),
        rows: block.rows.map((row) => row.map(inline)),
      };
    case 'code':
    case 'rule':
      return block;
  }
}
