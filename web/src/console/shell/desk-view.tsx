import { untracked, useSignalEffect } from '@preact/signals';
import { useLayoutEffect, useState } from 'preact/hooks';
import { Divider } from '../../ui/divider';
import { useMedia } from '../../ui/use-media';
import { ConversationPane } from '../chat/conversation-pane';
import { Offers } from '../chat/offers';
import { useConsole, useDesk } from '../context';
import { DetailsPane } from '../details/details-pane';
import { ListPane } from '../list/list-pane';
import { PageView } from '../pages';
import { pageHref, route } from '../router';
import { useAlerts } from './alerts';
import { Banner } from './banner';
import { useDeskShortcuts } from './desk-shortcuts';
import { DETAILS, LIST, useLayout } from './layout';
import { Notices } from './notices';
import { Overlays } from './overlays';
import { Rail } from './rail';
import { useShortcut } from './shortcuts';

/** From here on the details have a column of their own. */
const WIDE = '(min-width: 1280px)';

export function DeskView() {
  const desk = useDesk();
  const { conversation, page } = route.value;
  const layout = useLayout();
  const isWide = useMedia(WIDE);
  const [overlaid, setOverlaid] = useState(false);
  const details = isWide ? layout.value.showsDetails : overlaid;
  const setDetails = (shown: boolean) =>
    isWide ? layout.set({ showsDetails: shown }) : setOverlaid(shown);

  useSignalEffect(() => {
    const { conversation } = route.value;
    untracked(() => desk.open(conversation));
  });
  // Before it is painted: what is opened over the new one stays open.
  useLayoutEffect(() => setOverlaid(false), [conversation, page]);
  useAlerts();
  useDeskShortcuts(() => setOverlaid(false));
  useShortcut('details', () => setDetails(!details), page === null && conversation !== null);
  useShortcut('search', () => {
    location.hash = pageHref('search');
  });

  return (
    <div class="desk" data-open={conversation !== null} data-details={details}>
      <Rail />
      <div class="desk-main">
        <Banner />
        {page === null ? (
          <Panes
            layout={layout}
            details={details}
            onDetails={() => setDetails(!details)}
            onCloseDetails={() => setDetails(false)}
          />
        ) : (
          <PageView name={page} />
        )}
      </div>
      <Offers />
      <Notices />
      <Overlays />
    </div>
  );
}

interface PanesProps {
  layout: ReturnType<typeof useLayout>;
  details: boolean;
  onDetails(): void;
  onCloseDetails(): void;
}

function Panes({ layout, details, onDetails, onCloseDetails }: PanesProps) {
  const { t } = useConsole().i18n;
  const { list, details: width } = layout.value;
  const isOpen = route.value.conversation !== null;
  return (
    <div
      class="desk-panes"
      style={{ '--list-width': `${list}px`, '--details-width': `${width}px` }}
    >
      <ListPane>
        <Divider
          label={t('resizeList')}
          value={list}
          limits={LIST}
          onChange={(value) => layout.set({ list: value })}
        />
      </ListPane>
      <ConversationPane onDetails={onDetails} details={details} />
      {details && isOpen && (
        <section class="details-edge" aria-label={t('resizeDetails')}>
          <Divider
            label={t('resizeDetails')}
            value={width}
            after
            limits={DETAILS}
            onChange={(value) => layout.set({ details: value })}
          />
        </section>
      )}
      <DetailsPane onClose={onCloseDetails} />
    </div>
  );
}
