/** Notices of the system: each opens the thing that it speaks of. */
import { Notification } from 'electron';
import { z } from 'zod';
import type { Said } from '../../core/base/sentence.ts';
import { said } from '../views.ts';
import { routeFor } from './window-routes.ts';

/** What a vault tells when something wants the user. */
const noticeShape = z.strictObject({
  kind: z.string().max(80),
  route: z.string().max(200).nullable(),
  title: said,
  body: said,
});

/** What notices ask of the rest of main. */
export interface NoticePorts {
  /** In the user's language. */
  words(said: Said): string;
  /** Whether they are wanted now: switched on, and the user does not look at the window. */
  isWanted(): boolean;
  /** Opens what a notice of a profile speaks of. */
  open(profile: string, route: string): void;
}

/** Shown notices stay referenced until they are gone, or their clicks would be lost. */
const shown = new Set<Notification>();
const shownMax = 20;

/** Shows a notice of a profile's vault; what is malformed is left out. */
export function showNotice(ports: NoticePorts, profile: string, value: unknown): void {
  const notice = noticeShape.safeParse(value).data;
  if (notice === undefined || !ports.isWanted() || !Notification.isSupported() || shown.size >= shownMax) return;
  const notification = new Notification({ title: ports.words(notice.title), body: ports.words(notice.body) });
  shown.add(notification);
  notification.on('click', () => ports.open(profile, routeFor(notice.kind, notice.route ?? '/')));
  for (const end of ['click', 'close', 'failed'] as const) notification.on(end as 'click', () => shown.delete(notification));
  notification.show();
}
