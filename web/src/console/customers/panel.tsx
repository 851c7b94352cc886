import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import './customers.css';

interface PanelProps {
  title: string;
  children: ComponentChildren;
}

/** A titled part of a page. */
export function Panel({ title, children }: PanelProps) {
  const id = useId();
  return (
    <section class="panel" aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {children}
    </section>
  );
}
