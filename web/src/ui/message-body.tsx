import type { FormData, Message } from '../protocol/types';
import { useTexts } from './context';
import { Later, useLater } from './later';
import { captionOf, previewOf } from './preview';
import { RichText } from './rich-text';
import type { Side } from './timeline';

export type Answers = NonNullable<FormData['values']>;

/** Pictures, files, cards, forms and places: most messages are text. */
export const attached = new Later(() => import('./attached'));

/** What can be done with what a message holds; everything is optional, and then not offered. */
export interface BodyActions {
  /** A button of a card says this. */
  onReply?(text: string): void;
  /** The questions of message `seq` were answered. */
  onAnswer?(seq: number, values: Answers): void;
  /** Shows a picture large; without it the picture opens in a page of its own. */
  onOpenImage?(message: Message): void;
  /** A fresh address of a file whose own has expired. */
  freshUrl?(fileId: string): Promise<string>;
}

export interface MessageBodyProps extends BodyActions {
  message: Message;
  side: Side;
  /** The message that answers these questions, or the questions that this one answers. */
  related?: Message | undefined;
}

const KINDS = new Set(['image', 'file', 'voice', 'video', 'location', 'card', 'form']);

/** What a message says, whatever its kind. Texts of people are text nodes, never markup. */
export function MessageBody(props: MessageBodyProps) {
  const { t } = useTexts();
  const { message } = props;
  const { revision, from } = message;
  if (revision === 'recalled' || revision === 'erased') {
    return <em class="withdrawn">{t(revision)}</em>;
  }
  const caption = captionOf(message);
  return (
    <>
      {message.data && KINDS.has(message.kind) && <Attached {...props} />}
      {caption !== '' && <RichText text={caption} plain={from.kind === 'visitor'} />}
      {revision === 'edited' && <span class="edited">{t('edited')}</span>}
    </>
  );
}

function Attached(props: MessageBodyProps) {
  const texts = useTexts();
  const bodies = useLater(attached);
  if (bodies !== null && bodies !== 'failed') return <bodies.Attached {...props} />;
  return (
    <p class="not-yet">
      {previewOf({ ...props.message, text: '' }, texts)}
      {bodies === 'failed' && <NotLoaded />}
    </p>
  );
}

/** Asks again for what could not be loaded. */
export function NotLoaded() {
  const { t } = useTexts();
  return (
    <button type="button" class="link-button" onClick={() => attached.prefetch()}>
      {t('retry')}
    </button>
  );
}
