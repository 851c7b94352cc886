import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { Loading } from './loading';

type Extras = typeof import('./extras');
type Shown = Exclude<keyof Extras, 'resumeOffline'>;

const extras = signal<Extras | 'failed' | null>(null);
let loading: Promise<Extras> | null = null;

/** Loads the screens that a first message does not need. */
export function loadExtras(): Promise<Extras> {
  loading ??= import('./extras').then(
    (loaded) => (extras.value = loaded),
    (error: unknown) => {
      loading = null;
      extras.value = 'failed';
      throw error;
    },
  );
  return loading;
}

const load = () => void loadExtras().catch(() => undefined);

export function OnDemand({ name }: { name: Shown }) {
  useEffect(load, []);
  const loaded = extras.value;
  if (loaded === null || loaded === 'failed') {
    return <Loading failed={loaded === 'failed'} retry={load} />;
  }
  const Screen = loaded[name];
  return <Screen />;
}
