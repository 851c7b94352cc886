/** A page that is not seen gets no frames; then it is at least so often. */
const UNSEEN_MS = 250;

/** Does at once, before the next picture, what was asked for many times since the last one. */
export class Frames {
  private readonly run: () => void;
  private frame = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(run: () => void) {
    this.run = run;
  }

  soon(): void {
    if (this.timer !== undefined) return;
    this.frame = requestAnimationFrame(() => this.now());
    this.timer = setTimeout(() => this.now(), UNSEEN_MS);
  }

  now(): void {
    this.cancel();
    this.run();
  }

  cancel(): void {
    cancelAnimationFrame(this.frame);
    clearTimeout(this.timer);
    this.timer = undefined;
  }
}
