/** Who takes part: the name on this machine, what the operator of the PKG is told, and the roles. */
import { Database, FileSearch } from 'lucide-react';
import { type SubmitEvent, useState } from 'react';
import type { RequestOf } from '../../../electron/ipc-contract.ts';
import type { RoleName } from '../../../electron/views.ts';
import { useTask } from '../../api/client.ts';
import { useTexts } from '../../app/texts.ts';
import { Button, Card, Checkbox, ErrorPanel, Notice, Row, Stack, Text, TextField } from '../../ui/index.ts';
import styles from './first-start.module.css';
import { ownProfileSteps, profileSteps, TaskSteps } from './task-steps.tsx';

export interface ProfileFormProps {
  readonly network: RequestOf<'profile.create'>['network'];
  readonly restore: boolean;
  readonly onDone: () => void;
}

/** The form, and the progress of what it starts. */
export function ProfileForm({ network, restore, onDone }: ProfileFormProps) {
  const t = useTexts('first-start');
  const task = useTask('profile.create');
  const [name, setName] = useState('');
  const [realName, setRealName] = useState('');
  const [contact, setContact] = useState('');
  const [roles, setRoles] = useState<readonly RoleName[]>(['owner']);
  const [pressed, setPressed] = useState(false);
  const complete = name.trim() !== '' && realName.trim() !== '' && contact.trim() !== '' && roles.length > 0;
  const missing = (text: string) => (pressed && text.trim() === '' ? t('profile.missing') : null);
  const toggle = (role: RoleName, on: boolean) => setRoles((before) => (on ? [...before, role] : before.filter((each) => each !== role)));
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    setPressed(true);
    if (!complete) return;
    task
      .run({ name, realName, contact, roles: [...roles], network, restore })
      // The error is in `task.error`, which the panel below shows.
      .then(onDone, () => undefined);
  };
  if (task.running) {
    const steps = restore ? [...profileSteps, 'enrol'] : 'own' in network ? ownProfileSteps : profileSteps;
    return <TaskSteps task={task} title={t(restore ? 'profile.restoring' : 'profile.making')} expected={steps} />;
  }
  return (
    <form onSubmit={submit} className={styles.form}>
      <Card>
        <Stack gap={5}>
          <TextField
            label={t('profile.name')}
            value={name}
            onChange={setName}
            help={t('profile.name.help')}
            problem={missing(name)}
            isRequired
            autoFocus
            maxLength={80}
          />
          <div className={styles.pair}>
            <TextField
              label={t('profile.real')}
              value={realName}
              onChange={setRealName}
              help={t('profile.real.help')}
              problem={missing(realName)}
              isRequired
              maxLength={200}
            />
            <TextField
              label={t('profile.contact')}
              value={contact}
              onChange={setContact}
              help={t('profile.contact.help')}
              problem={missing(contact)}
              isRequired
              maxLength={300}
            />
          </div>
          <Stack gap={3}>
            <Text size="small" tone="quiet" strong>
              {t('profile.roles')}
            </Text>
            <Checkbox isSelected={roles.includes('owner')} onChange={(on) => toggle('owner', on)} help={t('profile.owner.help')}>
              <Row gap={1}>
                <Database /> {t('profile.owner')}
              </Row>
            </Checkbox>
            <Checkbox isSelected={roles.includes('consumer')} onChange={(on) => toggle('consumer', on)} help={t('profile.consumer.help')}>
              <Row gap={1}>
                <FileSearch /> {t('profile.consumer')}
              </Row>
            </Checkbox>
            {pressed && roles.length === 0 && <Text tone="danger">{t('profile.roles.missing')}</Text>}
          </Stack>
        </Stack>
      </Card>
      <Notice>{t(restore ? 'profile.enter-phrase' : 'profile.new-phrase')}</Notice>
      <ErrorPanel error={task.error} />
      <div className={styles.end}>
        <Button kind="primary" type="submit">
          {t(restore ? 'profile.restore' : 'profile.make')}
        </Button>
      </div>
    </form>
  );
}
