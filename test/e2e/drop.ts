/** Drops files on the window as a file manager does: Chromium gets their paths, and the page makes files of them. */
import type { Page } from '@playwright/test';

/** Drops what lies at `paths` on the zone of that name. */
export async function drop(window: Page, zone: string, ...paths: string[]): Promise<void> {
  // The zone's own label is for the keyboard and as small as a point; its words stand in the middle of where one drops.
  const target = window.locator('p').filter({ hasText: zone }).first();
  await target.scrollIntoViewIfNeeded();
  const box = await target.boundingBox();
  if (box === null) throw new Error(`${zone} is not on the screen`);
  const session = await window.context().newCDPSession(window);
  try {
    for (const type of ['dragEnter', 'dragOver', 'drop'] as const)
      await session.send('Input.dispatchDragEvent', {
        type,
        x: box.x + box.width / 2,
        y: box.y + box.height / 2,
        data: { items: [], files: paths, dragOperationsMask: 1 },
      });
  } finally {
    await session.detach();
  }
}
