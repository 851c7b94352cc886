import { signal } from '@preact/signals';
import type { ComponentProps, ComponentType } from 'preact';
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

export function prefetchExtras(): void {
  loadExtras().catch(() => undefined);
}

type OnDemandProps<Name extends Shown> = { name: Name } & ComponentProps<Extras[Name]>;

/** A component that comes a little later. */
export function OnDemand<Name extends Shown>({ name, ...props }: OnDemandProps<Name>) {
  useEffect(prefetchExtras, []);
  const loaded = extras.value;
  if (loaded === null || loaded === 'failed') {
    return <Loading failed={loaded === 'failed'} retry={prefetchExtras} />;
  }
  const Loaded = loaded[name] as ComponentType<object>;
  return <Loaded {...props} />;
}
