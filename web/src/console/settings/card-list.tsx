import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { Icon, type IconName } from '../../ui/icons';
import { useDesk } from '../context';
import { Loaded } from '../loaded';
import type { List } from './lists';
import { RemoveButton, SectionHead } from './section';

/** How a card is ended: what its button says, and what is asked before. */
interface Ending {
  label: string;
  titleOf(name: string): string;
  text: string;
}

interface CardListProps<T extends { id: string }> {
  /** Where the server keeps it. */
  path: string;
  list: List<T>;
  title: string;
  lead: string;
  /** What the button says that begins a new one. */
  add: string;
  empty: string;
  emptyIcon: IconName;
  nameOf(item: T): string;
  /** Beside the name. */
  chip?(item: T): ComponentChildren;
  /** Below it. */
  body(item: T): ComponentChildren;
  ending: Ending;
  /** The dialog for a new one. */
  maker(close: () => void): ComponentChildren;
}

/** Things that are made in a dialog, shown as cards, and ended: there is nothing about them to edit. */
export function CardList<T extends { id: string }>(props: CardListProps<T>) {
  const { path, list, nameOf, ending } = props;
  const { api } = useDesk();
  const [making, setMaking] = useState(false);
  return (
    <section class="settings-section">
      <SectionHead title={props.title} lead={props.lead}>
        <button type="button" class="button" onClick={() => setMaking(true)}>
          <Icon name="plus" size={16} />
          {props.add}
        </button>
      </SectionHead>
      <Loaded of={list} pane>
        {(items) =>
          items.length === 0 ? (
            <div class="pane-state">
              <Icon name={props.emptyIcon} size={28} />
              <p>{props.empty}</p>
            </div>
          ) : (
            <ul class="form-cards">
              {items.map((item) => (
                <li key={item.id} class="form-card">
                  <div class="form-card-head">
                    <h3>{nameOf(item)}</h3>
                    {props.chip?.(item)}
                    <RemoveButton
                      label={ending.label}
                      title={ending.titleOf(nameOf(item))}
                      text={ending.text}
                      icon="close"
                      run={async () => {
                        await api.delete(`${path}/${item.id}`);
                        list.drop(item.id);
                      }}
                    />
                  </div>
                  {props.body(item)}
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
      {making && props.maker(() => setMaking(false))}
    </section>
  );
}
