/**
 * Where the rest of the program wants the window to go. A link from outside is asked about first, whatever the window shows;
 * while the lock is closed the question waits behind it.
 */
import { createContext, type ReactNode, useContext, useState } from 'react';
import { useLocation } from 'wouter';
import { useEvent } from '../api/client.ts';
import { ConfirmDialog } from '../ui/index.ts';
import { screenOf } from './routes.tsx';
import { useTexts } from './texts.ts';

/** What a link says of a network that somebody is to join: not its file, but whose signature that must have. */
export interface Invitation {
  readonly signer: string;
  readonly name: string | null;
}

const InvitationState = createContext<Invitation | null>(null);

/** The network that a followed link was about, or null. */
export function useInvitation(): Invitation | null {
  return useContext(InvitationState);
}

/** Hears where to go, and asks where that must be asked. */
export function Links({ isLocked, children }: { readonly isLocked: boolean; readonly children: ReactNode }) {
  const t = useTexts('app');
  const [, navigate] = useLocation();
  const [asked, setAsked] = useState<string | null>(null);
  const [invitation, setInvitation] = useState<Invitation | null>(null);
  useEvent('app.go', ({ route, confirm }) => {
    if (!route.startsWith('/')) return;
    if (confirm) setAsked(route);
    else navigate(route);
  });
  const named = asked === null ? null : invitationOf(asked);
  const follow = () => {
    if (asked === null) return;
    if (named !== null) setInvitation(named);
    navigate(asked.split('?')[0] as string);
  };
  return (
    <InvitationState value={invitation}>
      {children}
      <ConfirmDialog
        isOpen={asked !== null && !isLocked}
        onClose={() => setAsked(null)}
        title={t('link.title')}
        confirmLabel={t('link.open')}
        onConfirm={follow}
      >
        <p>
          {named === null
            ? t('link.text', { screen: t(`screen.${screenOf(asked ?? '/')?.name ?? 'home'}`) })
            : t('link.network', { name: named.name ?? named.signer })}
        </p>
      </ConfirmDialog>
    </InvitationState>
  );
}

/** What a route to the joining of a network says of it. */
function invitationOf(route: string): Invitation | null {
  const [path, query] = route.split('?');
  const fields = new URLSearchParams(query ?? '');
  const signer = fields.get('signer');
  return path === '/welcome' && signer !== null ? { signer, name: fields.get('name') } : null;
}
