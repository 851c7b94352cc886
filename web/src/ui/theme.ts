export type Theme = 'system' | 'light' | 'dark';

const dark = matchMedia('(prefers-color-scheme: dark)');
let chosen: Theme = 'system';

function apply(): void {
  const theme = chosen === 'system' ? (dark.matches ? 'dark' : 'light') : chosen;
  document.documentElement.dataset['theme'] = theme;
}

/** Sets light or dark, or follows the system from now on. */
export function setTheme(theme: Theme): void {
  chosen = theme;
  apply();
}

export function followSystemTheme(): void {
  setTheme('system');
}

dark.addEventListener('change', apply);
