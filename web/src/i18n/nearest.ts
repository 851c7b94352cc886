export type Locale = 'zh-CN' | 'en';

/** The nearest language that there is: every kind of Chinese reads zh-CN, the rest English. */
export function nearestLocale(...wanted: (string | null | undefined)[]): Locale {
  for (const tag of wanted) {
    const lower = tag?.toLowerCase() ?? '';
    if (lower.startsWith('zh')) return 'zh-CN';
    if (lower.startsWith('en')) return 'en';
  }
  return 'en';
}
