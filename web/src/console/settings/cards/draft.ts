import type { CardView, QueryCard } from '../../../protocol/cards';

/** A card while it is edited: its parts as texts. */
export interface CardDraft {
  zh: string;
  en: string;
  is_enabled: boolean;
  position: number | null;
  inboxes: string[];
  query: string;
  /** One on each line: `id = visitor.external_id`. */
  variables: string;
  /** JSON. */
  view: string;
}

/** A card as it is made, an example among them. */
export type CardBody = Pick<QueryCard, 'title' | 'inboxes' | 'query' | 'variables' | 'view'> &
  Partial<Pick<QueryCard, 'is_enabled' | 'position'>>;

const NEW_VIEW: CardView = {
  kind: 'fields',
  at: 'user',
  rows: [{ label: { en: 'Name', 'zh-CN': '姓名' }, path: 'name', format: 'text' }],
};

export function draftOf(card: CardBody | null): CardDraft {
  return {
    zh: card?.title['zh-CN'] ?? '',
    en: card?.title.en ?? '',
    is_enabled: card?.is_enabled ?? true,
    position: card?.position ?? null,
    inboxes: card?.inboxes ?? [],
    query: card?.query ?? '',
    variables: Object.entries(card?.variables ?? {})
      .map(([name, source]) => `${name} = ${source}`)
      .join('\n'),
    view: JSON.stringify(card?.view ?? NEW_VIEW, null, 2),
  };
}

export function bodyOf(draft: CardDraft): CardBody {
  return {
    title: { en: draft.en.trim(), 'zh-CN': draft.zh.trim() },
    is_enabled: draft.is_enabled,
    ...(draft.position !== null && { position: draft.position }),
    inboxes: draft.inboxes,
    query: draft.query,
    variables: variablesOf(draft.variables),
    view: JSON.parse(draft.view) as CardView,
  };
}

const VARIABLE = /^\s*\$?([A-Za-z_]\w*)\s*=\s*(\S+)\s*$/;

/** The line, counted from 1, that is no variable; null when all of them are. */
export function wrongVariable(text: string): number | null {
  const wrong = text.split('\n').findIndex((line) => line.trim() !== '' && !VARIABLE.test(line));
  return wrong < 0 ? null : wrong + 1;
}

export function variablesOf(text: string): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const line of text.split('\n')) {
    const [, name, source] = VARIABLE.exec(line) ?? [];
    if (name !== undefined && source !== undefined) variables[name] = source;
  }
  return variables;
}

/** Why a text is no JSON; null when it is. */
export function jsonProblem(text: string): string | null {
  try {
    JSON.parse(text);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
