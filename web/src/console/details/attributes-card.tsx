import { useConsole } from '../context';
import { Fact } from './card';
import type { CardProps } from './cards';
import { VisitorFailed } from './visitor-facts';

/** What the site says of its visitor, in its own words. */
export function AttributesCard({ chat }: CardProps) {
  const { t } = useConsole().i18n;
  const visitor = chat.visitor.value;
  if (visitor === 'loading') return <p class="part-loading" aria-hidden="true" />;
  if (visitor === 'error') return <VisitorFailed chat={chat} />;
  return <Attributes of={visitor.attributes} empty={t('noAttributes')} />;
}

interface AttributesProps {
  of: Record<string, unknown>;
  empty: string;
}

export function Attributes({ of, empty }: AttributesProps) {
  const all = Object.entries(of);
  if (all.length === 0) return <p class="details-state">{empty}</p>;
  return (
    <dl class="facts">
      {all.map(([name, value]) => (
        <Fact key={name} name={name}>
          {typeof value === 'string' ? value : JSON.stringify(value)}
        </Fact>
      ))}
    </dl>
  );
}
