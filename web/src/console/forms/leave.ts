import { useEffect, useState } from 'preact/hooks';

export interface Leaving {
  /** Somebody wants to go elsewhere and would lose what was typed. */
  asking: boolean;
  stay(): void;
  leave(): void;
}

/**
 * Holds whoever wants to leave while `dirty`, be it by a link, by the browser's buttons or by closing the page.
 * Addresses that begin with `scope` show the same form.
 */
export function useLeave(dirty: boolean, scope: string): Leaving {
  const [wanted, setWanted] = useState<string | null>(null);

  useEffect(() => {
    if (!dirty) return;
    const onHash = (event: HashChangeEvent) => {
      const hash = new URL(event.newURL).hash;
      if (passing || isWithin(hash, scope)) return;
      // The page's own listeners come later and never hear of it.
      event.stopImmediatePropagation();
      history.pushState(null, '', event.oldURL);
      setWanted(hash);
    };
    const onUnload = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener('hashchange', onHash, true);
    window.addEventListener('beforeunload', onUnload);
    return () => {
      window.removeEventListener('hashchange', onHash, true);
      window.removeEventListener('beforeunload', onUnload);
    };
  }, [dirty, scope]);

  return {
    asking: wanted !== null,
    stay: () => setWanted(null),
    leave: () => {
      if (wanted !== null) pass(wanted);
      setWanted(null);
    },
  };
}

let passing = false;

/** Goes to an address without being held. */
function pass(hash: string): void {
  history.pushState(null, '', hash === '' ? '#' : hash);
  const { href } = location;
  passing = true;
  window.dispatchEvent(new HashChangeEvent('hashchange', { oldURL: href, newURL: href }));
  passing = false;
}

export function isWithin(hash: string, scope: string): boolean {
  return hash === scope || hash.startsWith(`${scope}/`) || hash.startsWith(`${scope}?`);
}
