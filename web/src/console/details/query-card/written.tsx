import { texts } from '../../../i18n/cards';
import { moment } from '../../../ui/time';
import { useConsole, useTextsOf } from '../../context';
import { type Format, isAddress, numberOf, timeOf, wordsOf } from './value';

/** A value in the form that the card asks for; what does not fit it stands as it is. */
export function Written({ value, format }: { value: unknown; format: Format }) {
  const { i18n } = useConsole();
  const { t } = useTextsOf(texts);
  const text = wordsOf(value, { yes: t('yes'), no: t('no') });
  if (text === null) return <>–</>;
  switch (format) {
    case 'date': {
      const at = timeOf(value);
      return <>{at === null ? text : moment(at, i18n)}</>;
    }
    case 'number':
      return <>{numberOf(text, i18n.locale.value)}</>;
    case 'badge':
      return <span class="query-card-badge">{text}</span>;
    case 'link':
      return isAddress(text) ? <Address href={text} text={text} /> : <>{text}</>;
    case 'text':
      return <>{text}</>;
  }
}

export function Address({ href, text }: { href: string; text: string }) {
  return (
    <a href={href} target="_blank" rel="noopener noreferrer nofollow">
      {text}
    </a>
  );
}
