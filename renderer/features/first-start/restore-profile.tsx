/** "Restore": all of a profile from its backup, or its history from the phrase, the chain and the proxies. */
import { Archive, ScrollText } from 'lucide-react';
import { useState } from 'react';
import type { FileView } from '../../../electron/views.ts';
import { useTask } from '../../api/client.ts';
import { useTexts } from '../../app/texts.ts';
import { DropZone, ErrorPanel, RadioCards, Stack } from '../../ui/index.ts';
import { NetworkFile } from './network-file.tsx';
import { ProfileForm } from './profile-form.tsx';
import { TaskSteps } from './task-steps.tsx';

/** The choice of what there is, and the way back. */
export function RestoreProfile({ onDone }: { readonly onDone: () => void }) {
  const t = useTexts('first-start');
  const [from, setFrom] = useState<'backup' | 'phrase'>('backup');
  const [network, setNetwork] = useState<string | null>(null);
  const task = useTask('backup.restore');
  if (task.running) return <TaskSteps task={task} title={t('restore.running')} expected={['read', 'verify', 'write']} />;
  if (network !== null) return <ProfileForm network={{ file: network }} restore onDone={onDone} />;
  const restore = (file: FileView) => {
    // The error is in `task.error`, which the panel below shows.
    task.run({ file: file.token }).then(onDone, () => undefined);
  };
  return (
    <Stack gap={4}>
      <RadioCards
        label={t('restore.from')}
        value={from}
        onChange={setFrom}
        columns={2}
        options={[
          { id: 'backup', title: t('restore.backup'), detail: t('restore.backup.text'), icon: <Archive /> },
          { id: 'phrase', title: t('restore.phrase'), detail: t('restore.phrase.text'), icon: <ScrollText /> },
        ]}
      />
      {from === 'backup' ? (
        <DropZone kind="backup" title={t('restore.drop')} detail={t('restore.drop.text')} onFile={restore} />
      ) : (
        <NetworkFile onAccept={setNetwork} />
      )}
      <ErrorPanel error={task.error} />
    </Stack>
  );
}
