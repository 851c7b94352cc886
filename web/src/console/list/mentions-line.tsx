import { Icon } from '../../ui/icons';
import { useConsole, useDesk } from '../context';
import { href } from '../router';
import type { View } from '../../protocol/types';

/** Where colleagues have called this agent, above the list; it leads to the first of them. */
export function MentionsLine({ view }: { view: View }) {
  const desk = useDesk();
  const { count } = useConsole().i18n;
  const ids = desk.mentions.ids.value;
  const [first] = ids;
  return (
    <div role="status">
      {first !== undefined && (
        <a class="mentions-line" href={href(view, first)}>
          <span aria-hidden="true">@</span>
          {count('mentionedIn', ids.size)}
          <Icon name="chevron" size={14} />
        </a>
      )}
    </div>
  );
}
