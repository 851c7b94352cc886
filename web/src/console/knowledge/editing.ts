export type Command =
  'bold' | 'italic' | 'heading' | 'link' | 'bullets' | 'numbers' | 'quote' | 'code' | 'table';

/** A stretch of a text that is replaced, and what is selected afterwards. */
export interface Edit {
  from: number;
  to: number;
  text: string;
  selectFrom: number;
  selectTo: number;
}

const TABLE = '| A | B |\n|---|---|\n|   |   |\n';

/** What a button of the toolbar does to the selection. */
export function edit(command: Command, text: string, from: number, to: number): Edit {
  switch (command) {
    case 'bold':
      return wrapped(text, from, to, '**');
    case 'italic':
      return wrapped(text, from, to, '*');
    case 'code':
      return text.slice(from, to).includes('\n')
        ? fenced(text, from, to)
        : wrapped(text, from, to, '`');
    case 'link':
      return linked(text, from, to);
    case 'heading':
      return prefixed(text, from, to, () => '## ', /^#{1,6} /);
    case 'bullets':
      return prefixed(text, from, to, () => '- ', /^[-*+] /);
    case 'numbers':
      return prefixed(text, from, to, (index) => `${index + 1}. `, /^\d+[.)] /);
    case 'quote':
      return prefixed(text, from, to, () => '> ', /^> ?/);
    case 'table':
      return onLinesOfItsOwn(text, from, to, TABLE);
  }
}

/** Puts marks around the selection, or takes them away. */
function wrapped(text: string, from: number, to: number, mark: string): Edit {
  const inner = text.slice(from, to);
  const { length } = mark;
  const outside =
    text.slice(from - length, from) === mark &&
    text.slice(to, to + length) === mark &&
    from >= length;
  if (outside) {
    const start = from - length;
    return { from: start, to: to + length, text: inner, selectFrom: start, selectTo: to - length };
  }
  const selectFrom = from + length;
  return {
    from,
    to,
    text: `${mark}${inner}${mark}`,
    selectFrom,
    selectTo: selectFrom + inner.length,
  };
}

function linked(text: string, from: number, to: number): Edit {
  const inner = text.slice(from, to);
  if (/^https?:\/\/\S+$/.test(inner)) {
    return { from, to, text: `[](${inner})`, selectFrom: from + 1, selectTo: from + 1 };
  }
  const address = 'https://';
  const selectFrom = from + inner.length + 3;
  const selectTo = selectFrom + address.length;
  return { from, to, text: `[${inner}](${address})`, selectFrom, selectTo };
}

/** Puts a mark before each line of the selection, or takes it away where all have one. */
function prefixed(
  text: string,
  from: number,
  to: number,
  prefix: (index: number) => string,
  pattern: RegExp,
): Edit {
  const start = text.lastIndexOf('\n', from - 1) + 1;
  const next = text.indexOf('\n', to);
  const end = next === -1 ? text.length : next;
  const lines = text.slice(start, end).split('\n');
  const marked = lines.every((line) => pattern.test(line));
  const changed = lines
    .map((line, index) => {
      const bare = line.replace(pattern, '');
      return marked ? bare : `${prefix(index)}${bare}`;
    })
    .join('\n');
  const selectTo = start + changed.length;
  return {
    from: start,
    to: end,
    text: changed,
    selectFrom: lines.length > 1 ? start : selectTo,
    selectTo,
  };
}

function fenced(text: string, from: number, to: number): Edit {
  return onLinesOfItsOwn(text, from, to, `\`\`\`\n${text.slice(from, to)}\n\`\`\`\n`);
}

function onLinesOfItsOwn(text: string, from: number, to: number, block: string): Edit {
  const before = text.slice(0, from);
  const lead =
    before === '' || before.endsWith('\n\n') ? '' : before.endsWith('\n') ? '\n' : '\n\n';
  const selectTo = from + lead.length + block.length;
  return { from, to, text: `${lead}${block}`, selectFrom: selectTo, selectTo };
}
