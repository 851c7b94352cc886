import { filled, type Fillings } from '../canned/fill';
import { finds } from '../search/fuzzy';
import type { Option } from './completer';

const NAMES = ['visitor.name', 'agent.name', 'inbox.name', 'conversation.id'] as const;
const ATTRIBUTES_MAX = 40;

/** Variables that have a value here, which takes their place: what is written is sent as it stands. */
export function valueOptions(fillings: Fillings, query: string): Option[] {
  const attributes = Object.keys(fillings.visitor?.attributes ?? {}).slice(0, ATTRIBUTES_MAX);
  const names = [...NAMES, ...attributes.map((name) => `visitor.attributes.${name}`)];
  return names.filter((name) => finds(query, name)).flatMap((name) => {
    const [value] = filled(`{{${name}}}`, fillings);
    if (!value || value.missing) return [];
    return { key: name, text: value.text, label: value.text, hint: name };
  });
}

/** Variables themselves, for a text that is filled in when it is used. `nameOf` says what one stands for. */
export function variableOptions(
  names: readonly string[],
  query: string,
  nameOf: (name: string) => string,
): Option[] {
  return names
    .filter((name) => name !== query && (finds(query, name) || finds(query, nameOf(name))))
    // Of what ends with a dot the rest is still to be typed.
    .map((name) => ({ name, text: name.endsWith('.') ? `{{${name}` : `{{${name}}}` }))
    .map(({ name, text }) => ({ key: name, text, label: nameOf(name), hint: text }));
}
