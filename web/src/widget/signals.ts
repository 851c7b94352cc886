/*
 * What the widget uses of @preact/signals, which its build replaces by this file: a third of the size. Components
 * that read signals while they render are rendered again when one of them changes.
 */
import { effect, type Signal, signal } from '@preact/signals-core';
import { Component, options, type VNode } from 'preact';
import { useEffect, useMemo, useRef } from 'preact/hooks';

export { batch, computed, effect, signal } from '@preact/signals-core';
export type { ReadonlySignal, Signal } from '@preact/signals-core';

interface Tracked extends Component {
  render(...args: Parameters<Component['render']>): ReturnType<Component['render']>;
  stopTracking?: () => void;
}

/** Names that Preact keeps stable for add-ons: before a component renders, and the component of a node. */
interface Hooks {
  __r?(vnode: VNode & Node): void;
  unmount?(vnode: VNode & Node): void;
}
interface Node {
  __c?: Tracked;
}

const hooks = options as Hooks;
const { __r: rendering, unmount } = hooks;

hooks.__r = (vnode) => {
  const component = vnode.__c;
  if (component && !component.stopTracking) track(component);
  rendering?.(vnode);
};

hooks.unmount = (vnode) => {
  vnode.__c?.stopTracking?.();
  unmount?.(vnode);
};

function track(component: Tracked): void {
  const { render } = component;
  component.stopTracking = () => undefined;
  component.render = function (...args) {
    let result: ReturnType<typeof render>;
    let isRendered = false;
    component.stopTracking!();
    component.stopTracking = effect(() => {
      if (isRendered) component.forceUpdate();
      else result = render.apply(component, args);
      isRendered = true;
    });
    return result;
  };
}

/** A signal of a component's own. */
export function useSignal<T>(initial: T): Signal<T> {
  return useMemo(() => signal(initial), []);
}

/** Runs when it is mounted, and again whenever a signal that it read has changed. */
export function useSignalEffect(run: () => void | (() => void)): void {
  const newest = useRef(run);
  newest.current = run;
  useEffect(() => effect(() => newest.current()), []);
}
