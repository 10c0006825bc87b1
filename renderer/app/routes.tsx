/**
 * The screens of the window. A feature is a folder with a component as the default export of its index; it is loaded when
 * it is first opened. Which groups there are follows from the roles of the profile, and from whether a network runs here.
 */
import {
  BadgeCheck,
  Database,
  FileSearch,
  History,
  House,
  KeyRound,
  ListChecks,
  type LucideIcon,
  Network,
  PackageOpen,
  Server,
  Settings,
  Users,
} from 'lucide-react';
import { type ComponentType, lazy } from 'react';
import type { AppView } from '../../electron/views.ts';

export type RouteGroup = 'top' | 'own' | 'need' | 'both' | 'operate' | 'bottom';
export interface Screen {
  /** Name of the feature's folder, and key of its title in the texts of the application. */
  readonly name: string;
  readonly path: string;
  readonly icon: LucideIcon;
  readonly group: RouteGroup;
  readonly Content: ComponentType;
}

const features = import.meta.glob<{ default: ComponentType }>('../features/*/index.tsx');

function screen(name: string, group: RouteGroup, icon: LucideIcon, path = `/${name}`): Screen[] {
  const load = features[`../features/${name}/index.tsx`];
  return load === undefined ? [] : [{ name, path, icon, group, Content: lazy(load) }];
}

/** Every screen, in the order of the rail. */
export const screens: readonly Screen[] = [
  ...screen('home', 'top', House, '/'),
  ...screen('datasets', 'own', Database),
  ...screen('open-requirements', 'own', ListChecks),
  ...screen('grants', 'own', KeyRound),
  ...screen('requirements', 'need', FileSearch),
  ...screen('received', 'need', PackageOpen),
  ...screen('activity', 'both', History),
  ...screen('people', 'both', Users),
  ...screen('network', 'operate', Network),
  ...screen('pkg', 'operate', BadgeCheck),
  ...screen('proxy', 'operate', Server),
  ...screen('settings', 'bottom', Settings),
];

export const railGroups: readonly RouteGroup[] = ['top', 'own', 'need', 'both', 'operate'];

/** The screens that make sense for the active profile and this machine's networks. */
export function screensFor(app: AppView): readonly Screen[] {
  const profile = app.profiles.find(({ id }) => id === app.activeProfile);
  const shown: Record<RouteGroup, boolean> = {
    top: true,
    own: profile?.roles.includes('owner') ?? false,
    need: profile?.roles.includes('consumer') ?? false,
    both: profile !== undefined,
    operate: true,
    bottom: true,
  };
  // The state of the network concerns every participant; the two other screens are for who runs one.
  return screens.filter(
    ({ group, name }) => shown[group] && (group !== 'operate' || app.networks.length > 0 || (name === 'network' && profile !== undefined)),
  );
}

/** The screen that a path belongs to. */
export function screenOf(path: string): Screen | undefined {
  return screens.find((candidate) =>
    candidate.path === '/' ? path === '/' : path === candidate.path || path.startsWith(`${candidate.path}/`),
  );
}
