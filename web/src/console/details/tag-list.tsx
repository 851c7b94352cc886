import type { Tag } from '../../protocol/types';
import { useConsole } from '../context';

export function TagList({ tags }: { tags: readonly Tag[] }) {
  const { t } = useConsole().i18n;
  if (tags.length === 0) return null;
  return (
    <ul class="tag-list" aria-label={t('tags')}>
      {tags.map((tag) => (
        <li key={tag.id}>
          <i style={{ background: tag.colour }} />
          {tag.name}
        </li>
      ))}
    </ul>
  );
}
