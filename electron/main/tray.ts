/** The tray: the way back to the window, and the way to lock at once. */
import { Menu, Tray } from 'electron';
import { type Said, say } from '../../core/base/sentence.ts';
import { iconFile } from './places.ts';

/** What the tray asks of the rest. */
export interface TrayPorts {
  /** In the user's language. */
  words(said: Said): string;
  isUnlocked(): boolean;
  open(): void;
  lock(): void;
  quit(): void;
}

/** Shows the tray, where the desktop has one. The answer brings its menu up to date. */
export function showTray(ports: TrayPorts): () => void {
  const tray = new Tray(iconFile('tray'));
  tray.setToolTip('Vouchsafe');
  const update = () =>
    tray.setContextMenu(
      Menu.buildFromTemplate([
        { label: ports.words(say`Open Vouchsafe`), click: ports.open },
        { label: ports.words(say`Lock now`), enabled: ports.isUnlocked(), click: ports.lock },
        { type: 'separator' },
        { label: ports.words(say`Quit`), click: ports.quit },
      ]),
    );
  tray.on('click', ports.open);
  update();
  return update;
}
