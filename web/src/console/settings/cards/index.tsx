import { texts } from '../../../i18n/cards';
import type { CardText, QueryCard } from '../../../protocol/cards';
import { useConsole, useTextsOf } from '../../context';
import { all } from '../../forms/all';
import { Loaded } from '../../loaded';
import { useAll, useList } from '../lists';
import { ListEditor } from '../section';
import type { Inbox } from '../shapes';
import type { CardBody } from './draft';
import { CardEditor } from './editor';

/** A card that comes with kefu. */
export type Example = CardBody & { id: string; about: CardText };

/** What other systems know of a customer, beside the conversation. */
export default function Cards() {
  const { locale } = useConsole().i18n;
  const { t } = useTextsOf(texts);
  const cards = useList<QueryCard>('cards');
  const around = all<[Inbox[], Example[]]>(
    useAll<Inbox>('inboxes'),
    useAll<Example>('cards/examples'),
  );
  return (
    <ListEditor
      name="cards"
      title={t('title')}
      lead={t('lead')}
      load={cards}
      textOf={({ title }) => `${title.en} ${title['zh-CN']}`}
      row={({ title, view, is_enabled }) => (
        <>
          <strong>
            {title[locale.value]}
            {!is_enabled && <span class="form-chip">{t('off')}</span>}
          </strong>
          <span class="hint">{view.at}</span>
        </>
      )}
      add={t('add')}
      empty={t('empty')}
      editor={(card) => (
        <Loaded of={around} pane>
          {([inboxes, examples]) => (
            <CardEditor card={card} cards={cards} inboxes={inboxes} examples={examples} />
          )}
        </Loaded>
      )}
    />
  );
}
