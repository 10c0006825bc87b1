/** The identity on the network: application, enrolment, pseudonyms and their coins. */
import { useState } from 'react';
import type { IdentityView } from '../../../electron/views.ts';
import { useCall, useTask } from '../../api/client.ts';
import { useProfile } from '../../app/state.tsx';
import { useTexts } from '../../app/texts.ts';
import {
  Amount,
  Button,
  Dialog,
  ErrorPanel,
  NumberField,
  PersonName,
  Query,
  Row,
  Stack,
  StateBadge,
  TaskProgress,
  Text,
  TextField,
  toast,
} from '../../ui/index.ts';
import { Rows, SettingRow } from './rows.tsx';

/** The identity. */
export function IdentitySettings() {
  const identity = useCall('identity.get', {});
  return <Query result={identity}>{(view) => <Identity view={view} />}</Query>;
}

function Identity({ view }: { readonly view: IdentityView }) {
  const t = useTexts('settings');
  const [applying, setApplying] = useState(false);
  const [count, setCount] = useState(1);
  const enrol = useTask('identity.enrol');
  const canApply = view.state === 'not-applied' || view.state === 'refused';
  const canEnrol = view.state === 'approved' || view.state === 'enrolled';
  return (
    <>
      <Rows>
        <SettingRow title={t('identity.state')} help={view.reason === '' ? t(`identity.${view.state}`) : view.reason}>
          <StateBadge state={view.state} />
          {canApply && (
            <Button kind="primary" onPress={() => setApplying(true)}>
              {t('identity.apply')}
            </Button>
          )}
        </SettingRow>
        {canEnrol && (
          <SettingRow title={t('identity.enrol')} help={t('identity.enrol.help')}>
            <NumberField label={t('identity.count')} hideLabel value={count} onChange={setCount} min={1} max={32} />
            <Button busy={enrol.running} isDisabled={Number.isNaN(count)} onPress={() => enrol.start({ count })}>
              {t('identity.enrol.begin')}
            </Button>
          </SettingRow>
        )}
      </Rows>
      <TaskProgress task={enrol} />
      {view.pseudonyms.length > 0 && (
        <>
          <Text tone="quiet">{t('identity.pseudonyms.lead')}</Text>
          <Rows>
            {view.pseudonyms.map((pseudonym) => (
              <PseudonymRow key={pseudonym.index} pseudonym={pseudonym} />
            ))}
          </Rows>
        </>
      )}
      <ApplyDialog isOpen={applying} onClose={() => setApplying(false)} />
    </>
  );
}

function PseudonymRow({ pseudonym }: { readonly pseudonym: IdentityView['pseudonyms'][number] }) {
  const t = useTexts('settings');
  const [to, setTo] = useState<string | null>(null);
  const withdraw = useTask('identity.withdraw');
  const credit = pseudonym.credit ?? '0';
  const valid = to !== null && /^0x[0-9a-fA-F]{40}$/.test(to.trim());
  const send = () => {
    if (to === null) return;
    withdraw.run({ pseudonymIndex: pseudonym.index, to: to.trim().toLowerCase() }).then(
      ({ blockNumber }) => {
        setTo(null);
        toast({ text: t('withdraw.done', { block: blockNumber }), kind: 'success' });
      },
      () => undefined, // The error is in `withdraw.error`, which the dialog shows.
    );
  };
  return (
    <Row justify="between" gap={4} wrap>
      <Stack gap={0}>
        <PersonName address={pseudonym.address} />
        <Text size="small" tone="quiet">
          {t('pseudonym', { number: pseudonym.index + 1 })}
        </Text>
      </Stack>
      <Row gap={4}>
        <Stack gap={0}>
          {pseudonym.balance === null ? <Text tone="quiet">{t('balance.unknown')}</Text> : <Amount wei={pseudonym.balance} />}
          {credit !== '0' && (
            <Text size="small" tone="quiet">
              <Amount wei={credit} sign /> {t('credit')}
            </Text>
          )}
        </Stack>
        <Button
          isDisabled={credit === '0'}
          onPress={() => setTo(pseudonym.address)}
          label={t('withdraw.of', { number: pseudonym.index + 1 })}
        >
          {t('withdraw')}
        </Button>
      </Row>
      <Dialog
        isOpen={to !== null}
        onClose={() => setTo(null)}
        title={t('withdraw.title')}
        lead={t('withdraw.lead')}
        size="small"
        footer={
          <>
            <Button onPress={() => setTo(null)}>{t('cancel')}</Button>
            <Button kind="primary" busy={withdraw.running} isDisabled={!valid} onPress={send}>
              {t('withdraw')}
            </Button>
          </>
        }
      >
        <TextField
          label={t('withdraw.to')}
          value={to ?? ''}
          onChange={setTo}
          mono
          problem={valid || to === null ? null : t('withdraw.invalid')}
        />
        <ErrorPanel error={withdraw.error} compact />
      </Dialog>
    </Row>
  );
}

function ApplyDialog({ isOpen, onClose }: { readonly isOpen: boolean; readonly onClose: () => void }) {
  const t = useTexts('settings');
  const profile = useProfile();
  const apply = useTask('identity.apply');
  const [realName, setRealName] = useState('');
  const [contact, setContact] = useState('');
  const roles = profile?.roles ?? [];
  const send = () => {
    // The error is in `apply.error`, which the dialog shows.
    apply.run({ realName, contact, roles: [...roles] }).then(onClose, () => undefined);
  };
  return (
    <Dialog
      isOpen={isOpen}
      onClose={onClose}
      title={t('identity.apply')}
      lead={t('identity.apply.lead')}
      size="small"
      footer={
        <>
          <Button onPress={onClose}>{t('cancel')}</Button>
          <Button kind="primary" busy={apply.running} isDisabled={realName.trim() === '' || contact.trim() === ''} onPress={send}>
            {t('identity.send')}
          </Button>
        </>
      }
    >
      <TextField label={t('identity.real')} value={realName} onChange={setRealName} maxLength={200} autoFocus />
      <TextField label={t('identity.contact')} value={contact} onChange={setContact} maxLength={300} />
      <TaskProgress task={apply} />
    </Dialog>
  );
}
