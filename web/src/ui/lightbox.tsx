import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { createI18n } from '../i18n';
import { texts } from '../i18n/lightbox';
import type { MediaData, Message } from '../protocol/types';
import { useTexts } from './context';
import { Icon } from './icons';
import { useMoreTexts } from './more-texts';
import './lightbox.css';

const ZOOM_MAX = 5;
const ZOOM_STEP = 1.4;
const PAN_PX = 80;

interface LightboxProps {
  /** The pictures of the conversation, oldest first. */
  images: readonly Message[];
  /** `seq` of the one that is shown first. */
  start: number;
  freshUrl?: ((fileId: string) => Promise<string>) | undefined;
  onClose(): void;
}

/** The pictures among messages. */
export function imagesOf(messages: readonly Message[]): Message[] {
  return messages.filter(({ kind, data, revision }) => {
    return kind === 'image' && data && revision !== 'recalled' && revision !== 'erased';
  });
}

interface View {
  zoom: number;
  x: number;
  y: number;
}

const WHOLE: View = { zoom: 1, x: 0, y: 0 };

/** Pictures over the whole page: zoom to five times, arrow keys for the neighbours, Escape. */
export function Lightbox({ images, start, freshUrl, onClose }: LightboxProps) {
  const shared = useTexts();
  const { t } = useMemo(() => createI18n(texts, shared.locale), [shared]);
  const dialog = useRef<HTMLDialogElement>(null);
  const [seq, setSeq] = useState(start);
  const [view, setView] = useState(WHOLE);
  const at = images.findIndex((each) => each.seq === seq);
  const image = images[at];

  // A modal dialog keeps the focus inside by itself, and gives it back when it is closed.
  useLayoutEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);
  // It was taken back while it was looked at.
  useEffect(() => {
    if (!image) onClose();
  }, [image]);
  if (!image) return null;

  const go = (by: number) => {
    const next = images[at + by];
    if (!next) return;
    setSeq(next.seq);
    setView(WHOLE);
  };
  const zoomBy = (factor: number) =>
    setView(({ zoom, x, y }) => {
      const next = Math.min(ZOOM_MAX, Math.max(1, zoom * factor));
      return next === 1 ? WHOLE : { zoom: next, x: (x * next) / zoom, y: (y * next) / zoom };
    });
  const pan = (x: number, y: number) =>
    setView((old) => (old.zoom === 1 ? old : { ...old, x: old.x + x, y: old.y + y }));
  const onKey = (event: KeyboardEvent) => {
    const zoomed = view.zoom > 1;
    const keys: Record<string, () => void> = {
      ArrowLeft: () => (zoomed ? pan(PAN_PX, 0) : go(-1)),
      ArrowRight: () => (zoomed ? pan(-PAN_PX, 0) : go(1)),
      ArrowUp: () => pan(0, PAN_PX),
      ArrowDown: () => pan(0, -PAN_PX),
      '+': () => zoomBy(ZOOM_STEP),
      '=': () => zoomBy(ZOOM_STEP),
      '-': () => zoomBy(1 / ZOOM_STEP),
      '0': () => setView(WHOLE),
    };
    const run = event.ctrlKey || event.metaKey || event.altKey ? undefined : keys[event.key];
    // Nothing behind it hears a key, shortcuts least of all.
    event.stopPropagation();
    if (!run) return;
    event.preventDefault();
    run();
  };
  const data = image.data as unknown as MediaData;
  return (
    <dialog
      ref={dialog}
      class="lightbox"
      aria-label={data.name}
      onKeyDown={onKey}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <div class="lightbox-bar">
        <bdi class="lightbox-name">{data.name}</bdi>
        <span role="status">{t('imageOf', { n: at + 1, total: images.length })}</span>
        <button
          type="button"
          class="icon-button"
          aria-label={t('zoomOut')}
          onClick={() => zoomBy(1 / ZOOM_STEP)}
        >
          <Icon name="minus" size={20} />
        </button>
        <output>{`${Math.round(view.zoom * 100)}%`}</output>
        <button
          type="button"
          class="icon-button"
          aria-label={t('zoomIn')}
          onClick={() => zoomBy(ZOOM_STEP)}
        >
          <Icon name="plus" size={20} />
        </button>
        <button type="button" class="icon-button" aria-label={shared.t('close')} onClick={onClose}>
          <Icon name="close" size={20} />
        </button>
      </div>
      <Stage
        key={image.seq}
        data={data}
        view={view}
        freshUrl={freshUrl}
        onPan={pan}
        onZoom={zoomBy}
        onReset={() => (view.zoom > 1 ? setView(WHOLE) : zoomBy(2))}
      />
      <div class="lightbox-steps">
        <button
          type="button"
          class="icon-button"
          aria-label={t('previousImage')}
          disabled={at === 0}
          onClick={() => go(-1)}
        >
          <Icon name="back" size={28} />
        </button>
        <button
          type="button"
          class="icon-button is-next"
          aria-label={t('nextImage')}
          disabled={at === images.length - 1}
          onClick={() => go(1)}
        >
          <Icon name="back" size={28} />
        </button>
      </div>
    </dialog>
  );
}

interface StageProps {
  data: MediaData;
  view: View;
  freshUrl: LightboxProps['freshUrl'];
  onPan(x: number, y: number): void;
  onZoom(factor: number): void;
  onReset(): void;
}

/** The picture itself: the wheel zooms, dragging moves it, a double click changes between both. */
function Stage({ data, view, freshUrl, onPan, onZoom, onReset }: StageProps) {
  const more = useMoreTexts();
  const { t } = useTexts();
  const [url, setUrl] = useState<string | null>(data.url);
  const [renewed, setRenewed] = useState(false);
  const renew = async () => {
    setRenewed(true);
    setUrl((await freshUrl?.(data.file_id).catch(() => null)) ?? null);
  };
  if (url === null) {
    return (
      <div class="lightbox-stage">
        <p role="alert">
          {more.t('imageFailed')}{' '}
          <button type="button" class="link-button" onClick={() => void renew()}>
            {t('retry')}
          </button>
        </p>
      </div>
    );
  }
  return (
    <div
      class="lightbox-stage"
      onWheel={(event) => {
        event.preventDefault();
        onZoom(event.deltaY < 0 ? 1.15 : 1 / 1.15);
      }}
      onDblClick={onReset}
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={(event) => {
        if (event.buttons === 1) onPan(event.movementX, event.movementY);
      }}
    >
      <img
        src={url}
        alt={data.name}
        draggable={false}
        style={{ transform: `translate(${view.x}px, ${view.y}px) scale(${view.zoom})` }}
        onError={() => (renewed ? setUrl(null) : void renew())}
      />
    </div>
  );
}
