import type { ComponentChild } from 'preact';
import { autolink, LINK, linkOf, safeHref } from './autolink';
import { languageOf } from './language';

/** `code`, [label](address), **strong** and *emphasis*, each within a line. */
const MARKS = [
  /`([^`\n]+)`/,
  /\[([^\][\n]+)\]\(([^\s()]+)\)/,
  /\*\*([^\s*](?:[^*\n]*[^\s*])?)\*\*/,
  /\*([^\s*](?:[^*\n]*[^\s*])?)\*(?!\w)/,
  LINK,
];
const INLINE = new RegExp(MARKS.map((mark) => mark.source).join('|'), 'giu');
const ITEM = /^\s{0,3}(?:[-*•]|(\d{1,3})[.)])\s+(.+)$/;

interface RichTextProps {
  text: string;
  /** As visitors write: links, but no markup. */
  plain: boolean;
}

/** What people wrote: text nodes and a handful of elements. Any other markup stays text. */
export function RichText({ text, plain }: RichTextProps) {
  return (
    <div class="message-text" dir="auto" lang={languageOf(text)}>
      {plain ? links(text) : blocks(text)}
    </div>
  );
}

/** An address of the web in a page of its own, which learns nothing of this one. */
export function OutLink({ href, children }: { href: string; children: ComponentChild }) {
  return (
    <a href={href} title={href} target="_blank" rel="noopener noreferrer nofollow">
      {children}
    </a>
  );
}

function links(text: string): ComponentChild[] {
  return autolink(text).map((piece, index) =>
    piece.href === undefined ? (
      piece.text
    ) : (
      <OutLink key={index} href={piece.href}>
        {piece.text}
      </OutLink>
    ),
  );
}

/** Lines of text, and lists where lines begin like those of one. */
function blocks(text: string): ComponentChild[] {
  const found: ComponentChild[] = [];
  let lines: string[] = [];
  let items: ComponentChild[] = [];
  let start: number | null = null;
  const endText = () => {
    const joined = lines.join('\n');
    if (joined.trim() !== '') found.push(<span key={found.length}>{inline(joined)}</span>);
    lines = [];
  };
  const endList = () => {
    if (items.length === 0) return;
    const List = start === null ? 'ul' : 'ol';
    found.push(
      <List key={found.length} start={start ?? undefined}>
        {items}
      </List>,
    );
    items = [];
  };
  for (const line of text.split('\n')) {
    const [, number, item] = ITEM.exec(line) ?? [];
    if (item === undefined) {
      endList();
      lines.push(line);
      continue;
    }
    endText();
    const isNumbered = number !== undefined;
    if (isNumbered !== (start !== null)) endList();
    if (items.length === 0) start = isNumbered ? Number(number) : null;
    items.push(<li key={items.length}>{inline(item)}</li>);
  }
  endText();
  endList();
  return found;
}

function inline(text: string): ComponentChild[] {
  const found: ComponentChild[] = [];
  let end = 0;
  for (const match of text.matchAll(INLINE)) {
    const [whole, code, label, address, strong, emphasis] = match;
    let length = whole.length;
    let node: ComponentChild;
    if (code !== undefined) {
      node = <code key={end}>{code}</code>;
    } else if (label !== undefined) {
      node = labelled(label, address!, end);
    } else if (strong !== undefined) {
      node = <strong key={end}>{inline(strong)}</strong>;
    } else if (emphasis !== undefined) {
      // "5*3*2" is arithmetic.
      const isInWord = /\w/.test(text[match.index - 1] ?? '');
      node = isInWord ? undefined : <em key={end}>{inline(emphasis)}</em>;
    } else {
      const link = linkOf(whole);
      length = link.text.length;
      node = link.href && (
        <OutLink key={end} href={link.href}>
          {link.text}
        </OutLink>
      );
    }
    if (!node) continue;
    if (match.index > end) found.push(text.slice(end, match.index));
    found.push(node);
    end = match.index + length;
  }
  if (end < text.length) found.push(text.slice(end));
  return found;
}

/** A label that looks like an address of its own must not hide another one. */
function labelled(label: string, address: string, key: number): ComponentChild {
  const href = safeHref(address);
  if (href === null) return undefined;
  const lies = /\w\.\w\w|:\/\//.test(label) && !href.includes(label);
  return (
    <OutLink key={key} href={href}>
      {lies ? href : label}
    </OutLink>
  );
}
