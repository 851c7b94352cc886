import type { ComponentChildren } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { filesOf } from '../../ui/attach';
import { Icon } from '../../ui/icons';
import { useConsole, useDesk } from '../context';
import type { Chat } from './chat';
import { standingOf } from './standing';

/** The whole column takes files that are dropped. */
export function DropZone({ chat, children }: { chat: Chat; children: ComponentChildren }) {
  const desk = useDesk();
  const { t } = useConsole().i18n;
  const [over, setOver] = useState(false);
  // Entering a child comes before leaving its parent: only as many leaves as enters mean outside.
  const depth = useRef(0);
  const { conversation } = chat;
  const takes = conversation !== undefined && standingOf(conversation, desk.me.value).replies;
  const holdsFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false;
  const leave = () => {
    depth.current = 0;
    setOver(false);
  };
  return (
    <div
      class="drop-zone"
      onDragEnter={(event) => {
        if (!takes || !holdsFiles(event)) return;
        depth.current += 1;
        setOver(true);
      }}
      onDragLeave={(event) => {
        if (!holdsFiles(event)) return;
        depth.current -= 1;
        if (depth.current <= 0) leave();
      }}
      onDragOver={(event) => {
        if (holdsFiles(event)) event.preventDefault();
      }}
      onDrop={(event) => {
        if (!holdsFiles(event)) return;
        event.preventDefault();
        leave();
        if (takes) chat.writing.attach(filesOf(event));
      }}
    >
      {children}
      {over && (
        <div class="drop-overlay">
          <Icon name="clip" size={32} />
          <p>{t(chat.writing.draft.value.mode === 'note' ? 'troubleNoteFiles' : 'dropHere')}</p>
        </div>
      )}
    </div>
  );
}
