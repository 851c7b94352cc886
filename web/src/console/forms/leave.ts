import { useLayoutEffect, useState } from 'preact/hooks';
import { follow, setGuard } from '../router';
import { isWithin } from './within';

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

  useLayoutEffect(() => {
    if (!dirty) return;
    const unguard = setGuard((hash) => {
      if (isWithin(hash, scope)) return false;
      setWanted(hash);
      return true;
    });
    const onUnload = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener('beforeunload', onUnload);
    return () => {
      unguard();
      window.removeEventListener('beforeunload', onUnload);
    };
  }, [dirty, scope]);

  return {
    asking: wanted !== null,
    stay: () => setWanted(null),
    leave: () => {
      setWanted(null);
      if (wanted !== null) follow(wanted);
    },
  };
}
