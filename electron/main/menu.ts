/** The application menu: every command of it is in the window too, so the menu is for those who look there. */
import { app, Menu, type MenuItemConstructorOptions } from 'electron';
import type { EventOf } from '../ipc-contract.ts';

/** What the menu asks of the rest. */
export interface MenuPorts {
  go(route: string): void;
  command(command: EventOf<'app.command'>['command']): void;
  lock(): void;
}

/** Sets the menu. */
export function setMenu({ go, command, lock }: MenuPorts): void {
  const settings: MenuItemConstructorOptions = { label: 'Settings', accelerator: 'CmdOrCtrl+,', click: () => command('settings') };
  const lockNow: MenuItemConstructorOptions = { label: 'Lock now', accelerator: 'CmdOrCtrl+Shift+L', click: lock };
  const template: MenuItemConstructorOptions[] = [
    ...(process.platform === 'darwin'
      ? [
          {
            label: app.name,
            submenu: [
              { role: 'about' },
              { type: 'separator' },
              settings,
              lockNow,
              { type: 'separator' },
              { role: 'hide' },
              { role: 'quit' },
            ],
          } satisfies MenuItemConstructorOptions,
        ]
      : []),
    {
      label: 'File',
      submenu: [
        { label: 'Import data', accelerator: 'CmdOrCtrl+O', click: () => command('import') },
        { type: 'separator' },
        ...(process.platform === 'darwin'
          ? ([{ role: 'close' }] satisfies MenuItemConstructorOptions[])
          : ([settings, lockNow, { type: 'separator' }, { role: 'quit' }] satisfies MenuItemConstructorOptions[])),
      ],
    },
    { role: 'editMenu' },
    {
      label: 'View',
      submenu: [
        { label: 'Find a command', accelerator: 'CmdOrCtrl+K', click: () => command('palette') },
        { label: 'Tasks', accelerator: 'CmdOrCtrl+J', click: () => command('tasks') },
        { type: 'separator' },
        { role: 'resetZoom' },
        { role: 'zoomIn' },
        { role: 'zoomOut' },
        { role: 'togglefullscreen' },
        ...(app.isPackaged
          ? []
          : ([{ type: 'separator' }, { role: 'reload' }, { role: 'toggleDevTools' }] satisfies MenuItemConstructorOptions[])),
      ],
    },
    {
      label: 'Go',
      submenu: [
        { label: 'Home', accelerator: 'CmdOrCtrl+1', click: () => go('/') },
        { label: 'Datasets', accelerator: 'CmdOrCtrl+2', click: () => go('/datasets') },
        { label: 'Open requirements', accelerator: 'CmdOrCtrl+3', click: () => go('/open-requirements') },
        { label: 'Requirements', accelerator: 'CmdOrCtrl+4', click: () => go('/requirements') },
        { label: 'Received', accelerator: 'CmdOrCtrl+5', click: () => go('/received') },
        { label: 'Activity', accelerator: 'CmdOrCtrl+6', click: () => go('/activity') },
      ],
    },
    { role: 'windowMenu' },
  ];
  Menu.setApplicationMenu(Menu.buildFromTemplate(template));
}
