import type { Connect } from '../../protocol/transport';
import type { Ack } from '../../protocol/types';

export type Warned = Ack & { warning: NonNullable<Ack['warning']> };

/** Connections that also tell which acknowledgements come with a warning, after these have their effect. */
export function hearingWarnings(connect: Connect, heard: (ack: Warned) => void): Connect {
  return (kind, events) =>
    connect(kind, {
      ...events,
      frame: (frame) => {
        events.frame(frame);
        if (frame.type === 'ack' && frame.warning) heard({ ...frame, warning: frame.warning });
      },
    });
}
