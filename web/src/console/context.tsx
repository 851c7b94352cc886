import { createContext } from 'preact';
import { useContext, useMemo } from 'preact/hooks';
import { type Catalogue, createI18n, type I18n, type Locale } from '../i18n';
import { texts } from '../i18n/console';
import type { Conversation } from '../protocol/types';
import type { Desk } from './desk';
import type { Session } from './session';

export function consoleI18n(locale: Locale) {
  return createI18n(texts, locale);
}

export type ConsoleI18n = ReturnType<typeof consoleI18n>;

export interface ConsoleContext {
  session: Session;
  i18n: ConsoleI18n;
}

const Console = createContext<ConsoleContext | null>(null);
export const ConsoleProvider = Console.Provider;

export function useConsole(): ConsoleContext {
  const context = useContext(Console);
  if (!context) throw new Error('ConsoleProvider is missing');
  return context;
}

/** The texts of a page that come with its own chunk, in the console's language. */
export function useTextsOf<K extends string>(catalogue: Catalogue<K>): I18n<K> {
  const { locale } = useConsole().i18n;
  return useMemo(() => createI18n(catalogue, locale), [catalogue, locale]);
}

const DeskValue = createContext<Desk | null>(null);
export const DeskProvider = DeskValue.Provider;

export function useDesk(): Desk {
  const desk = useContext(DeskValue);
  if (!desk) throw new Error('DeskProvider is missing');
  return desk;
}

/** What a visitor is called: the name, or the end of the id while there is none. */
export function visitorName(visitor: Conversation['visitor'], { t }: ConsoleI18n): string {
  return visitor.name || t('visitorName', { id: visitor.id.slice(-4) });
}
