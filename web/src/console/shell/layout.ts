import { useMemo } from 'preact/hooks';
import { useDesk } from '../context';
import { Stored } from '../stored';

export interface Layout {
  /** Widths in CSS pixels. */
  readonly list: number;
  readonly details: number;
  readonly showsDetails: boolean;
}

export const LIST = { min: 280, usual: 320, max: 420 } as const;
export const DETAILS = { min: 260, usual: 320, max: 400 } as const;

/** How this agent has arranged the desk on this machine. */
export function useLayout(): Stored<Layout> {
  const { id } = useDesk().me.peek();
  return useMemo(() => {
    const usual = { list: LIST.usual, details: DETAILS.usual, showsDetails: true };
    return new Stored<Layout>(`kefu-console-layout-${id}`, usual);
  }, [id]);
}
