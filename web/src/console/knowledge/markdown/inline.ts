import { type Inline, type References, safeAddress } from './tree';

const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  apos: "'",
  copy: '©',
  gt: '>',
  hellip: '…',
  lt: '<',
  mdash: '—',
  middot: '·',
  nbsp: '\u00a0',
  ndash: '–',
  quot: '"',
  reg: '®',
  times: '×',
  trade: '™',
};

const ESCAPED = /^\\([!-/:-@[-`{-~])/;
const ENTITY = /^&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z][a-z0-9]{1,31}));/i;
const AUTOLINK = /^<([a-z][a-z0-9+.-]{1,31}:[^\s<>]*)>/i;
const MAIL = /^<([\w.!#$%&'*+/=?^`{|}~-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)*)>/i;
const HTML = /^<(?:\/?[a-z][^<>]*|!--[^]{0,1000}?--|![a-z][^<>]*|\?[^]{0,1000}?\?)>/i;
const PLAIN = /^[^\\`*_~[\]!<&\n]+/;

/* Limits that no article comes near: they keep the work for a text in proportion to its length. */
const BRACKETS_MAX = 32;
const OPENERS_MAX = 64;
const RUN_MAX = 16;

/** A run of `*`, `_` or `~` that may open or close emphasis. */
interface Run {
  kind: 'run';
  mark: string;
  count: number;
  opens: boolean;
  closes: boolean;
}

/** `[` or `![`, which a `]` may make a link of. */
interface Bracket {
  kind: 'bracket';
  image: boolean;
  /** Where its label begins in the text. */
  from: number;
}

type Piece = Inline | Run | Bracket;

export function parseInline(text: string, references: References): Inline[] {
  return new Reader(text, references).read();
}

class Reader {
  private readonly text: string;
  private readonly references: References;
  private readonly pieces: Piece[] = [];
  /** Where brackets that wait for their end stand in `pieces`. */
  private readonly brackets: number[] = [];
  /** So many of them hold a link already, and a link holds no link. */
  private spent = 0;
  /** Where the last run of so many backticks begins. */
  private readonly lastFence = new Map<number, number>();
  private at = 0;

  constructor(text: string, references: References) {
    this.text = text;
    this.references = references;
    for (const { 0: run, index } of text.matchAll(/`+/g)) this.lastFence.set(run.length, index);
  }

  read(): Inline[] {
    while (this.at < this.text.length) this.step(this.text.slice(this.at));
    return paired(this.pieces);
  }

  private say(said: string, length = said.length): void {
    pushText(this.pieces, said);
    this.at += length;
  }

  private step(rest: string): void {
    const plain = PLAIN.exec(rest);
    if (plain) return this.say(plain[0]);
    const first = rest[0]!;
    switch (first) {
      case '\n':
        breakLine(this.pieces);
        this.nextLine(1);
        return;
      case '\\':
        if (rest[1] === '\n') {
          this.pieces.push({ kind: 'break' });
          this.nextLine(2);
        } else {
          const escaped = ESCAPED.exec(rest);
          this.say(escaped?.[1] ?? '\\', escaped?.[0].length ?? 1);
        }
        return;
      case '`':
        return this.code(/^`+/.exec(rest)![0]);
      case '&': {
        const entity = ENTITY.exec(rest);
        const meant = entity && decode(entity);
        return this.say(meant ?? '&', meant == null ? 1 : entity![0].length);
      }
      case '<':
        return this.angle(rest);
      case '!':
        return rest[1] === '[' ? this.open(true) : this.say('!');
      case '[':
        return this.open(false);
      case ']':
        return this.close();
      default: {
        const run = runAt(rest, this.text[this.at - 1] ?? '\n');
        const length = /^(.)\1*/.exec(rest)![0].length;
        if (run) this.pieces.push(run);
        else pushText(this.pieces, rest.slice(0, length));
        this.at += length;
      }
    }
  }

  private nextLine(length: number): void {
    this.at += length;
    while (this.text[this.at] === ' ') this.at += 1;
  }

  private code(fence: string): void {
    const from = this.at + fence.length;
    if ((this.lastFence.get(fence.length) ?? -1) < from) return this.say(fence);
    let end = from;
    for (;;) {
      const begin = this.text.indexOf('`', end);
      end = begin;
      while (this.text[end] === '`') end += 1;
      if (end - begin === fence.length) {
        const inner = this.text.slice(from, begin).replace(/\n/g, ' ');
        const padded = inner.startsWith(' ') && inner.endsWith(' ') && inner.trim() !== '';
        this.pieces.push({ kind: 'code', text: padded ? inner.slice(1, -1) : inner });
        this.at = end;
        return;
      }
    }
  }

  private angle(rest: string): void {
    const link = AUTOLINK.exec(rest);
    const mail = link ? null : MAIL.exec(rest);
    const found = link ?? mail;
    if (!found) return this.say(HTML.exec(rest)?.[0] ?? '<');
    const href = mail ? `mailto:${mail[1]}` : safeAddress(found[1]!);
    this.pieces.push({ kind: 'link', href, children: [{ kind: 'text', text: found[1]! }] });
    this.spend();
    this.at += found[0].length;
  }

  private open(image: boolean): void {
    const mark = image ? '![' : '[';
    if (this.brackets.length >= BRACKETS_MAX) return this.say(mark);
    this.brackets.push(this.pieces.length);
    this.at += mark.length;
    this.pieces.push({ kind: 'bracket', image, from: this.at });
  }

  private close(): void {
    const index = this.brackets.pop();
    if (index === undefined) return this.say(']');
    const bracket = this.pieces[index] as Bracket;
    const usable = bracket.image || this.brackets.length >= this.spent;
    this.spent = Math.min(this.spent, this.brackets.length);
    const target = usable ? this.targetOf(bracket) : null;
    if (!target) return this.say(']');
    const children = paired(this.pieces.splice(index + 1));
    this.pieces[index] = { kind: 'link', href: safeAddress(target.address), children };
    if (!bracket.image) this.spend();
    this.at = target.end;
  }

  /** What is open now would hold the link that was just made. */
  private spend(): void {
    this.spent = this.brackets.length;
  }

  private targetOf({ from }: Bracket): Target | null {
    const after = this.at + 1;
    const direct = this.text[after] === '(' ? targetAt(this.text, after) : null;
    if (direct) return direct;
    const named = /^\[([^[\]]{0,200})\]/.exec(this.text.slice(after, after + 202));
    const name = named?.[1] || this.text.slice(from, this.at);
    const address = this.references.get(foldName(name));
    return address === undefined ? null : { address, end: after + (named?.[0].length ?? 0) };
  }
}

interface Target {
  address: string;
  end: number;
}

/** Reads `(address "title")`, which begins at `start`. */
function targetAt(text: string, start: number): Target | null {
  const skipBlanks = (from: number) => {
    let at = from;
    while (/\s/.test(text[at] ?? '')) at += 1;
    return at;
  };
  let at = skipBlanks(start + 1);
  let from = at;
  let to: number;
  if (text[at] === '<') {
    from += 1;
    while (at < text.length && text[at] !== '>' && text[at] !== '\n') at += 1;
    if (text[at] !== '>') return null;
    to = at;
    at += 1;
  } else {
    for (let open = 0; at < text.length && !/\s/.test(text[at]!); at += 1) {
      if (text[at] === '\\') at += 1;
      else if (text[at] === '(') open += 1;
      else if (text[at] === ')' && open === 0) break;
      else if (text[at] === ')') open -= 1;
      if (open > BRACKETS_MAX) return null;
    }
    to = at;
  }
  const rest = skipBlanks(at);
  const close = rest > at ? { '"': '"', "'": "'", '(': ')' }[text[rest] ?? ''] : undefined;
  at = rest;
  if (close !== undefined) {
    for (at += 1; at < text.length && text[at] !== close; at += 1) if (text[at] === '\\') at += 1;
    at = skipBlanks(at + 1);
  }
  if (text[at] !== ')') return null;
  return { address: text.slice(from, to).replace(/\\([!-/:-@[-`{-~])/g, '$1'), end: at + 1 };
}

function pushText(pieces: Piece[], text: string): void {
  const last = pieces[pieces.length - 1];
  if (last?.kind === 'text') last.text += text;
  else if (text !== '') pieces.push({ kind: 'text', text });
}

/** Two blanks before the end of a line make it a line of its own. */
function breakLine(pieces: Piece[]): void {
  const last = pieces[pieces.length - 1];
  const hard = last?.kind === 'text' && last.text.endsWith('  ');
  if (last?.kind === 'text') last.text = last.text.trimEnd();
  if (hard) pieces.push({ kind: 'break' });
  else pushText(pieces, '\n');
}

function decode([, decimal, hex, name]: RegExpExecArray): string | null {
  if (name !== undefined) return ENTITIES[name] ?? null;
  const code = decimal !== undefined ? Number(decimal) : parseInt(hex!, 16);
  const valid = code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
  return valid ? String.fromCodePoint(code) : '\ufffd';
}

export function foldName(name: string): string {
  return name.trim().replace(/\s+/g, ' ').toLowerCase();
}

const PUNCTUATION = /[\p{P}\p{S}]/u;

function runAt(text: string, before: string): Run | null {
  const mark = text[0]!;
  let count = 1;
  while (text[count] === mark) count += 1;
  if (count > (mark === '~' ? 2 : RUN_MAX)) return null;
  const after = text[count] ?? '\n';
  const [blankBefore, blankAfter] = [/\s/.test(before), /\s/.test(after)];
  const [markBefore, markAfter] = [PUNCTUATION.test(before), PUNCTUATION.test(after)];
  const left = !blankAfter && (!markAfter || blankBefore || markBefore);
  const right = !blankBefore && (!markBefore || blankAfter || markAfter);
  return {
    kind: 'run',
    mark,
    count,
    opens: left && (mark !== '_' || !right || markBefore),
    closes: right && (mark !== '_' || !left || markAfter),
  };
}

/** Makes emphasis of the runs that belong together; the others are text. */
function paired(pieces: readonly Piece[]): Inline[] {
  const done: Piece[] = [];
  /** Where runs that wait for their end stand in `done`. */
  const openers: number[] = [];
  for (const piece of pieces) {
    if (piece.kind !== 'run') {
      done.push(piece);
      continue;
    }
    const closer = { ...piece };
    while (closer.closes && closer.count > 0) {
      const depth = openers.findLastIndex((at) => matches(done[at] as Run, closer));
      if (depth === -1) break;
      const at = openers[depth]!;
      const opener = done[at] as Run;
      const used = closer.mark === '~' ? closer.count : Math.min(opener.count, closer.count, 2);
      const children = asText(done.splice(at + 1));
      openers.length = depth + 1;
      opener.count -= used;
      closer.count -= used;
      if (opener.count === 0) {
        done.pop();
        openers.pop();
      }
      const kind = closer.mark === '~' ? 'del' : used === 2 ? 'strong' : 'em';
      done.push({ kind, children });
    }
    if (closer.count === 0) continue;
    if (closer.opens) openers.push(done.length);
    if (openers.length > OPENERS_MAX) openers.shift();
    done.push(closer);
  }
  return asText(done);
}

function matches(opener: Run, closer: Run): boolean {
  if (opener.mark !== closer.mark) return false;
  if (closer.mark === '~') return opener.count === closer.count;
  // "Multiple of 3" of CommonMark: keeps `**` from being read as two `*`.
  if (!opener.closes && !closer.opens) return true;
  const thirds = opener.count % 3 === 0 && closer.count % 3 === 0;
  return thirds || (opener.count + closer.count) % 3 !== 0;
}

function asText(pieces: readonly Piece[]): Inline[] {
  const out: Inline[] = [];
  for (const piece of pieces) {
    if (piece.kind === 'run') pushText(out, piece.mark.repeat(piece.count));
    else if (piece.kind === 'bracket') pushText(out, piece.image ? '![' : '[');
    else if (piece.kind === 'text') pushText(out, piece.text);
    else out.push(piece);
  }
  return out;
}
