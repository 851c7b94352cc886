export const ORIGINS_MAX = 50;

/** The one form of an origin such as `https://shop.example`; null for what is none. */
export function originOf(text: string): string | null {
  if (!/^https?:\/\/[^/?#@\s\\*]+\/?$/i.test(text)) return null;
  try {
    return new URL(text).origin;
  } catch {
    return null;
  }
}

export function wrongOrigins(origins: readonly string[]): string[] {
  return origins.filter((each) => originOf(each) === null);
}
