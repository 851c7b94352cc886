const SCRIPT = /<script[^>]*type="module"[^>]*src="([^"]+)"/;

/** Whether the server has another version of this page than the one that runs. */
export async function isOutdated(): Promise<boolean> {
  const own = document.querySelector<HTMLScriptElement>('script[type="module"][src]');
  try {
    const answer = await fetch(location.pathname, { cache: 'no-store' });
    const served = answer.ok ? SCRIPT.exec(await answer.text())?.[1] : undefined;
    if (!own || served === undefined) return false;
    return new URL(served, location.href).href !== own.src;
  } catch {
    return false;
  }
}
