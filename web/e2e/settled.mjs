/**
 * Nothing fades or slides any more, what was changed has been painted, and the page has nothing left to do: what it did
 * not do by then it does not do by itself. What turns for ever is not waited for.
 */
export function settled(frame) {
  return frame.evaluate(async () => {
    const moving = document.getAnimations().filter(({ effect }) => {
      return effect.getComputedTiming().endTime < Infinity;
    });
    await Promise.allSettled(moving.map((each) => each.finished));
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    await new Promise((done) => requestIdleCallback(done));
  });
}
