/* How the server reads the variables of a canned reply (crates/core/src/template.rs). */

export const VARIABLES = [
  'visitor.name',
  'agent.name',
  'inbox.name',
  'conversation.id',
  'visitor.attributes.',
] as const;
export const VARIABLES_MAX = 32;
export const TEXT_MAX = 8_000;

export type Part = { text: string } | { variable: string; fallback: string };
export type TemplateProblem = 'unclosed' | 'nested' | 'unknown' | 'tooMany';
export type Template = { parts: Part[] } | { problem: TemplateProblem; at: number };

export function parseTemplate(text: string): Template {
  const parts: Part[] = [];
  let from = 0;
  let variables = 0;
  for (let open = text.indexOf('{{'); open !== -1; open = text.indexOf('{{', from)) {
    const refused = (problem: TemplateProblem) => ({ problem, at: open });
    const close = text.indexOf('}}', open + 2);
    if (close === -1) return refused('unclosed');
    const inner = text.slice(open + 2, close);
    if (inner.includes('{{')) return refused('nested');
    const bar = inner.indexOf('|');
    const variable = (bar === -1 ? inner : inner.slice(0, bar)).trim();
    if (!isVariable(variable)) return refused('unknown');
    variables += 1;
    if (variables > VARIABLES_MAX) return refused('tooMany');
    if (open > from) parts.push({ text: text.slice(from, open) });
    parts.push({ variable, fallback: bar === -1 ? '' : inner.slice(bar + 1) });
    from = close + 2;
  }
  if (from < text.length) parts.push({ text: text.slice(from) });
  return { parts };
}

function isVariable(name: string): boolean {
  const key = name.startsWith('visitor.attributes.')
    ? name.slice('visitor.attributes.'.length)
    : null;
  if (key === null) return (VARIABLES as readonly string[]).includes(name) && !name.endsWith('.');
  return /^[\p{L}\p{N}_.-]+$/u.test(key) && new TextEncoder().encode(key).length <= 64;
}
