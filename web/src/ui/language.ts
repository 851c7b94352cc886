/** Each language and its letters; of several the one with the most words counts, and of Chinese each run of characters is one. */
const LETTERS = [
  'ja\u3040-\u30ff',
  'zh\u3400-\u9fff',
  'ko\uac00-\ud7a3',
  'ru\u0400-\u04ff',
  'ar\u0600-\u06ff',
  'th\u0e00-\u0e7f',
  'ena-z',
];
/** Who has letters of its own beside the Latin ones is not English. */
const OTHER_LATIN = /[\u00c0-\u024f]/;

/** The language of a text, as far as its script tells: for the voice that reads it, and for the shape of its characters. */
export function languageOf(text: string): string | undefined {
  let found: string | undefined;
  let most = 1;
  for (const letters of LETTERS) {
    const language = letters.slice(0, 2);
    const pieces = text.split(new RegExp(`[${letters.slice(2)}]+`, 'i')).length;
    // Where there is any Japanese, the Chinese characters are Japanese, too.
    if (pieces > most) [found, most] = [language, language === 'ja' ? Infinity : pieces];
  }
  return found === 'en' && OTHER_LATIN.test(text) ? undefined : found;
}
