/* How people get at the launcher: when the pointer reaches it, and how long it is there before the click. */

const LAUNCHER_INSET_PX = 48;
const FRAME_MS = 16;
/**
 * A movement lasts as long as Fitts' law says (in Shannon's form), here 150 ms and 150 ms a bit: what is found for mice.
 * The button is reached in its last part, where the hand is slow.
 */
const REACH_MS = 150;
const REACH_MS_PER_BIT = 150;
const LAUNCHER_PX = 56;
/** Between the end of the movement and the press, and from there to the click, when the button comes up again. */
const STOP_MS = 100;
const PRESS_MS = 80;
const TAP_MS = 80;

const WIDE = { viewport: { width: 1280, height: 800 } };
const NARROW = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const launcher = ({ width, height }) => [width - LAUNCHER_INSET_PX, height - LAUNCHER_INSET_PX];

/** From the middle of the page, along the smoothest way: slow, fast, slow. */
export const BY_MOUSE = {
  name: 'by mouse',
  context: WIDE,
  async open(page) {
    const from = [WIDE.viewport.width / 2, WIDE.viewport.height / 2];
    const to = launcher(WIDE.viewport);
    const distance = Math.hypot(to[0] - from[0], to[1] - from[1]);
    const lasts = REACH_MS + REACH_MS_PER_BIT * Math.log2(distance / LAUNCHER_PX + 1);
    const begin = performance.now();
    for (let share = 0; share < 1; ) {
      share = Math.min(1, (performance.now() - begin) / lasts);
      const way = share ** 3 * (10 - 15 * share + 6 * share ** 2);
      const [x, y] = from.map((start, axis) => start + (to[axis] - start) * way);
      await page.mouse.move(x, y);
      await pause(FRAME_MS);
    }
    await pause(STOP_MS);
    await page.mouse.down();
    await pause(PRESS_MS);
    await page.mouse.up();
  },
};

/** No movement foretells a tap: all that there is before the click is the time that the finger is down. */
export const BY_FINGER = {
  name: 'by finger',
  context: NARROW,
  async open(_, session) {
    const [x, y] = launcher(NARROW.viewport);
    await session.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: [{ x, y }] });
    await pause(TAP_MS);
    await session.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
  },
};

/** The pointer arrives with the press, which takes no time. */
export const WITHOUT_NOTICE = {
  name: 'without notice',
  context: WIDE,
  open: (page) => page.mouse.click(...launcher(WIDE.viewport)),
};
