/** What the secret window asks, by its purpose. */
import type { SecretPurpose } from '../../electron/ipc-contract.ts';
import { EnterPhrase } from './enter-phrase.tsx';
import { NewPassphrase } from './new-passphrase.tsx';
import { NewPhrase, ShowPhrase } from './show-phrase.tsx';
import { Unlock } from './unlock.tsx';

/** The question. */
export function Question({ purpose }: { readonly purpose: SecretPurpose }) {
  switch (purpose.kind) {
    case 'new-phrase':
      return <NewPhrase phrase={purpose.phrase} confirm={purpose.confirm} />;
    case 'show-phrase':
      return <ShowPhrase phrase={purpose.phrase} />;
    case 'enter-phrase':
      return <EnterPhrase area="enter" />;
    case 'rehearse-phrase':
      return <EnterPhrase area="rehearse" />;
    case 'unlock':
      return <Unlock area="unlock" wrong={purpose.wrong} />;
    case 'new-passphrase':
      return <NewPassphrase area={purpose.reason === 'no-keychain' ? 'passphrase.needed' : 'passphrase.wanted'} />;
    case 'backup-passphrase':
      return purpose.fresh ? <NewPassphrase area="backup.new" /> : <Unlock area="backup.open" wrong={false} />;
  }
}
