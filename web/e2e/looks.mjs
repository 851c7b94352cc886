/* Every look of a screen: both languages, light and dark, wide and narrow. */

const LOOKS = [
  ['zh-CN', 'light'],
  ['zh-CN', 'dark'],
  ['en', 'light'],
  ['en', 'dark'],
];
const NARROW = { width: 320, height: 640 };

/**
 * Takes pictures of a screen and holds it against the rules of accessibility; `reach` waits until
 * it is there after a reload.
 */
export async function everyLook(agent, name, expectAccessible, reach) {
  const { page } = agent;
  const wide = page.viewportSize();
  for (const [lang, scheme] of LOOKS) {
    await page.emulateMedia({ colorScheme: scheme });
    await page.evaluate((lang) => localStorage.setItem('kefu-console-locale', lang), lang);
    await page.reload();
    await reach();
    await agent.picture(`${name}-${lang}-${scheme}`);
    await expectAccessible(page.mainFrame(), `${name} ${lang} ${scheme}`);
    await page.setViewportSize(NARROW);
    await agent.picture(`${name}-${lang}-${scheme}-narrow`);
    const wider = await page.evaluate(() => {
      const pane = document.querySelector('.page, .details-pane');
      return pane ? pane.scrollWidth - pane.clientWidth : 0;
    });
    if (wider > 1) throw new Error(`${name} ${lang}: ${wider} px do not fit into 320`);
    await page.setViewportSize(wide);
  }
  await page.emulateMedia({ colorScheme: 'light' });
  await page.evaluate(() => localStorage.setItem('kefu-console-locale', 'zh-CN'));
  await page.reload();
  await reach();
}
