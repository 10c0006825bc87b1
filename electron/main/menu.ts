/** The application menu: every command of it is in the window too, so the menu is for those who look there. */
import { app, Menu, type MenuItemConstructorOptions } from 'electron';
import { type Said, say } from '../../core/base/sentence.ts';
import type { EventOf } from '../ipc-contract.ts';

/** What the menu asks of the rest. */
export interface MenuPorts {
  /** In the user's language. */
  words(said: Said): string;
  go(route: string): void;
  command(command: EventOf<'app.command'>['command']): void;
  lock(): void;
}

/** Sets the menu. The answer sets it anew, in the language that is chosen then. */
export function setMenu({ words, go, command, lock }: MenuPorts): () => void {
  const isMac = process.platform === 'darwin';
  // What the system does by itself, which Electron would call by its English name.
  const own = (role: NonNullable<MenuItemConstructorOptions['role']>, label: Said): MenuItemConstructorOptions => ({
    role,
    label: words(label),
  });
  const separator: MenuItemConstructorOptions = { type: 'separator' };
  const update = () => {
    const settings: MenuItemConstructorOptions = {
      label: words(say`Settings`),
      accelerator: 'CmdOrCtrl+,',
      click: () => command('settings'),
    };
    const lockNow: MenuItemConstructorOptions = { label: words(say`Lock now`), accelerator: 'CmdOrCtrl+Shift+L', click: lock };
    const about = own('about', say`About Vouchsafe`);
    const quit = own('quit', say`Quit`);
    const template: MenuItemConstructorOptions[] = [
      ...(isMac
        ? [{ label: app.name, submenu: [about, separator, settings, lockNow, separator, own('hide', say`Hide Vouchsafe`), quit] }]
        : []),
      {
        label: words(say`File`),
        submenu: [
          { label: words(say`Import data`), accelerator: 'CmdOrCtrl+O', click: () => command('import') },
          separator,
          ...(isMac ? [own('close', say`Close window`)] : [settings, lockNow, separator, quit]),
        ],
      },
      {
        label: words(say`Edit`),
        submenu: [
          own('undo', say`Undo`),
          own('redo', say`Redo`),
          separator,
          own('cut', say`Cut`),
          own('copy', say`Copy`),
          own('paste', say`Paste`),
          own('delete', say`Delete`),
          separator,
          own('selectAll', say`Select all`),
        ],
      },
      {
        label: words(say`View`),
        submenu: [
          { label: words(say`Find a command`), accelerator: 'CmdOrCtrl+K', click: () => command('palette') },
          { label: words(say`Tasks`), accelerator: 'CmdOrCtrl+J', click: () => command('tasks') },
          separator,
          own('resetZoom', say`Actual size`),
          own('zoomIn', say`Zoom in`),
          own('zoomOut', say`Zoom out`),
          own('togglefullscreen', say`Full screen`),
          ...(app.isPackaged ? [] : ([separator, { role: 'reload' }, { role: 'toggleDevTools' }] satisfies MenuItemConstructorOptions[])),
        ],
      },
      {
        label: words(say`Go`),
        submenu: [
          { label: words(say`Home`), accelerator: 'CmdOrCtrl+1', click: () => go('/') },
          { label: words(say`Datasets`), accelerator: 'CmdOrCtrl+2', click: () => go('/datasets') },
          { label: words(say`Open requirements`), accelerator: 'CmdOrCtrl+3', click: () => go('/open-requirements') },
          { label: words(say`Requirements`), accelerator: 'CmdOrCtrl+4', click: () => go('/requirements') },
          { label: words(say`Received`), accelerator: 'CmdOrCtrl+5', click: () => go('/received') },
          { label: words(say`Activity`), accelerator: 'CmdOrCtrl+6', click: () => go('/activity') },
        ],
      },
      {
        label: words(say`Window`),
        role: 'window',
        submenu: [
          own('minimize', say`Minimize`),
          own('zoom', say`Zoom`),
          ...(isMac ? [separator, own('front', say`Bring all to front`)] : [own('close', say`Close window`)]),
        ],
      },
    ];
    Menu.setApplicationMenu(Menu.buildFromTemplate(template));
  };
  update();
  return update;
}
