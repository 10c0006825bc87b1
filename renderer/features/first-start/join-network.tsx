/** "Join a network": its file, and then who takes part. */
import { useState } from 'react';
import { NetworkFile } from './network-file.tsx';
import { ProfileForm } from './profile-form.tsx';

/** The file and the profile. */
export function JoinNetwork({ onDone }: { readonly onDone: () => void }) {
  const [token, setToken] = useState<string | null>(null);
  if (token === null) return <NetworkFile onAccept={setToken} />;
  return <ProfileForm network={{ file: token }} restore={false} onDone={onDone} />;
}
