const REPEAT_MS = 3_000;
const IDLE_MS = 5_000;

/** Tells the other side that one is writing: at most every 3 s, and when it ends. */
export class TypingNotifier {
  private readonly tell: (on: boolean) => void;
  private toldAt = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(tell: (on: boolean) => void) {
    this.tell = tell;
  }

  input(text: string): void {
    if (text.trim() === '') {
      this.stop();
      return;
    }
    if (Date.now() - this.toldAt >= REPEAT_MS) {
      this.toldAt = Date.now();
      this.tell(true);
    }
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.stop(), IDLE_MS);
  }

  stop(): void {
    clearTimeout(this.timer);
    if (this.toldAt === 0) return;
    this.toldAt = 0;
    this.tell(false);
  }
}
