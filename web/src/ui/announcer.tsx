import { useEffect, useRef, useState } from 'preact/hooks';
import type { Message, Person } from '../protocol/types';
import { useTexts } from './context';
import { previewOf } from './preview';
import { isNews } from './timeline-view';

/** What comes together is read out together. */
const GATHER_MS = 400;
const EACH_MAX = 3;

interface AnnouncerProps {
  items: readonly Message[];
  me: Person;
  nameOf(person: Person): string;
}

/** Reads out what others write as it comes: not what is loaded from before, nor one's own. */
export function Announcer({ items, me, nameOf }: AnnouncerProps) {
  const texts = useTexts();
  const last = items[items.length - 1]?.seq ?? 0;
  const announced = useRef(last);
  const [said, setSaid] = useState({ upTo: 0, lines: [] as string[] });
  useEffect(() => {
    if (last <= announced.current) return;
    const timer = setTimeout(() => {
      const news = items.filter((each) => each.seq > announced.current && isNews(each, me));
      announced.current = last;
      if (news.length === 0) return;
      const line = (each: Message) =>
        texts.t('quotedFrom', { name: nameOf(each.from), text: previewOf(each, texts) });
      const lines = news.length > EACH_MAX ? [texts.count('latest', news.length)] : news.map(line);
      setSaid({ upTo: last, lines });
    }, GATHER_MS);
    return () => clearTimeout(timer);
  }, [last]);
  return (
    <div class="visually-hidden" role="status">
      {said.lines.map((line, index) => (
        <p key={`${said.upTo}-${index}`}>{line}</p>
      ))}
    </div>
  );
}
