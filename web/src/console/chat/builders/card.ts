import type { CardData } from '../../../protocol/types';

/** As it is filled in: every field a text. */
export interface CardDraft {
  title: string;
  subtitle: string;
  price: string;
  image_url: string;
  url: string;
  buttons: readonly { label: string; target: string }[];
}

export const EMPTY_CARD: CardDraft = {
  title: '',
  subtitle: '',
  price: '',
  image_url: '',
  url: '',
  buttons: [],
};
export const BUTTONS_MAX = 3;

export function isWebAddress(text: string): boolean {
  if (!/^https?:\/\/\S+$/i.test(text)) return false;
  try {
    return new URL(text).hostname !== '';
  } catch {
    return false;
  }
}

/** Which of its fields keep a card from being sent. */
export function cardProblems(draft: CardDraft): ReadonlySet<'title' | 'url' | 'image_url'> {
  const problems = new Set<'title' | 'url' | 'image_url'>();
  if (draft.title.trim() === '') problems.add('title');
  for (const name of ['url', 'image_url'] as const) {
    const address = draft[name].trim();
    if (address !== '' && !isWebAddress(address)) problems.add(name);
  }
  return problems;
}

/** A button with an address opens it; any other says its text. */
export function cardData(draft: CardDraft): CardData {
  const given = (['subtitle', 'price', 'image_url', 'url'] as const)
    .map((name) => [name, draft[name].trim()] as const)
    .filter(([, text]) => text !== '');
  const buttons = draft.buttons
    .map(({ label, target }) => ({ label: label.trim(), target: target.trim() }))
    .filter(({ label }) => label !== '')
    .map(({ label, target }) =>
      isWebAddress(target) ? { label, url: target } : { label, reply: target || label },
    );
  return {
    title: draft.title.trim(),
    ...Object.fromEntries(given),
    ...(buttons.length > 0 && { buttons }),
  };
}
