import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { SharedI18n } from './time';

const Texts = createContext<SharedI18n | null>(null);
export const TextsProvider = Texts.Provider;

/** The texts that widget and console share. */
export function useTexts(): SharedI18n {
  const texts = useContext(Texts);
  if (!texts) throw new Error('TextsProvider is missing');
  return texts;
}
