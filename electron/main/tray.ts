/** The tray: the way back to the window, and the way to lock at once. */
import { Menu, nativeImage, Tray } from 'electron';

/** What the tray asks of the rest. */
export interface TrayPorts {
  isUnlocked(): boolean;
  open(): void;
  lock(): void;
  quit(): void;
}

/** Edge of the icon in pixels, drawn at twice the size for sharp screens. */
const edge = 32;

/** Shows the tray, where the desktop has one. The answer brings its menu up to date. */
export function showTray(ports: TrayPorts): () => void {
  const tray = new Tray(trayIcon());
  tray.setToolTip('Vouchsafe');
  const update = () =>
    tray.setContextMenu(
      Menu.buildFromTemplate([
        { label: 'Open Vouchsafe', click: ports.open },
        { label: 'Lock now', enabled: ports.isUnlocked(), click: ports.lock },
        { type: 'separator' },
        { label: 'Quit', click: ports.quit },
      ]),
    );
  tray.on('click', ports.open);
  update();
  return update;
}

/** A ring with a tick's dot: drawn here, so that no picture has to be kept in two sizes. */
function trayIcon(): Electron.NativeImage {
  const pixels = Buffer.alloc(edge * edge * 4);
  const centre = (edge - 1) / 2;
  for (let y = 0; y < edge; y++)
    for (let x = 0; x < edge; x++) {
      const distance = Math.hypot(x - centre, y - centre);
      const isDrawn = (distance >= 10 && distance <= 14) || distance <= 4;
      if (isDrawn) pixels.set([0xe0, 0x8a, 0x3c, 0xff], (y * edge + x) * 4);
    }
  return nativeImage.createFromBitmap(pixels, { width: edge, height: edge, scaleFactor: 2 });
}
