import { useEffect, useRef } from 'preact/hooks';
import type { PageVisit } from '../../protocol/people';
import type { Page } from '../../protocol/types';
import { useLoad } from '../../ui/load';
import { useConsole, useDesk } from '../context';
import { Loaded } from '../loaded';
import { CARD_TIMEOUT_MS, Fact } from './card';
import type { CardProps } from './cards';
import { Trail } from './trail';
import { VisitorFacts } from './visitor-facts';

const FRESH_MS = 20_000;
const TRAIL_SHOWN = 5;

/** Where the visitor is at the moment, and how it came there. */
export function NowCard({ chat, conversation }: CardProps) {
  const { api } = useDesk();
  const { t } = useConsole().i18n;
  const { id } = conversation.visitor;
  const pages = useLoad(id, async (signal) => {
    const options = { signal, timeoutMs: CARD_TIMEOUT_MS };
    return (await api.get<Page<PageVisit>>(`visitors/${id}/pages`, {}, options)).items;
  });
  const root = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const timer = setInterval(() => {
      if (isInSight(root.current)) pages.retry();
    }, FRESH_MS);
    return () => clearInterval(timer);
  }, [pages.retry]);

  return (
    <div class="card-parts" ref={root}>
      <Loaded of={pages}>
        {([current, ...before]) =>
          current ? (
            <CurrentPage current={current} before={before.slice(0, TRAIL_SHOWN)} />
          ) : (
            <p class="details-state">{t('noPages')}</p>
          )
        }
      </Loaded>
      <VisitorFacts chat={chat} />
    </div>
  );
}

/** Neither is the window hidden nor the column. */
function isInSight(element: HTMLElement | null): boolean {
  if (!element || document.visibilityState !== 'visible') return false;
  return element.getClientRects().length > 0 && getComputedStyle(element).visibility === 'visible';
}

function CurrentPage({ current, before }: { current: PageVisit; before: PageVisit[] }) {
  const { t } = useConsole().i18n;
  return (
    <>
      <Trail pages={[current]} />
      {current.referrer && (
        <dl class="facts">
          <Fact name={t('referrer')}>{current.referrer}</Fact>
        </dl>
      )}
      {before.length > 0 && (
        <>
          <h4 class="card-part">{t('trail')}</h4>
          <Trail pages={before} />
        </>
      )}
    </>
  );
}
