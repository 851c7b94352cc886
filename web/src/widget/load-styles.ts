const styles = new Map<string, Promise<void>>();

/**
 * Loads a chunk after its styles. The build calls it, under the name that it expects, in place of a helper of Vite's
 * that is written for every case and is seven times as long.
 */
export async function __vitePreload<T>(
  load: () => Promise<T>,
  files: readonly string[] = [],
  base?: string,
): Promise<T> {
  const urls = files.filter((file) => file.endsWith('.css')).map((file) => new URL(file, base).href);
  await Promise.all(urls.map(loadStyle));
  return load();
}

function loadStyle(href: string): Promise<void> {
  const known = styles.get(href);
  if (known) return known;
  const loading = new Promise<void>((resolve, reject) => {
    const link = document.createElement('link');
    link.rel = 'stylesheet';
    link.href = href;
    link.onload = () => resolve();
    link.onerror = () => {
      link.remove();
      styles.delete(href);
      reject(new Error('no styles'));
    };
    document.head.append(link);
  });
  styles.set(href, loading);
  return loading;
}
