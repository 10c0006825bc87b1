/** One application: who applies and for what, and the decision with what follows from it. */
import { Ban, Check, X } from 'lucide-react';
import { useState } from 'react';
import type { ApplicationView } from '../../../electron/views.ts';
import { useTask } from '../../api/client.ts';
import { useTexts } from '../../app/texts.ts';
import {
  Button,
  Copyable,
  Count,
  DetailPane,
  Dialog,
  KeyValueList,
  Notice,
  Row,
  Stack,
  StateBadge,
  TaskProgress,
  TextField,
  Time,
  toast,
} from '../../ui/index.ts';
import { Roles } from './roles.tsx';

type Outcome = 'approve' | 'refuse' | 'revoke';

interface DetailProps {
  readonly networkId: string;
  readonly application: ApplicationView;
  readonly onClose: () => void;
}

/** The detail beside the list. */
export function ApplicationDetail({ networkId, application, onClose }: DetailProps) {
  const t = useTexts('pkg');
  const { applicationId, name, contact, roles, state, submittedAtMs, pseudonyms } = application;
  const [asked, setAsked] = useState<'refuse' | 'revoke' | null>(null);
  const deciding = useTask('ownNetwork.decide');
  const decide = async (outcome: Outcome, reason: string) => {
    await deciding.run({ networkId, applicationId, outcome, reason });
    toast({ kind: 'success', text: t(`decided.${outcome}`, { name }) });
  };
  const begin = (outcome: Outcome, reason: string) => {
    setAsked(null);
    decide(outcome, reason).catch(() => undefined); // the task holds the error, and TaskProgress shows it
  };
  return (
    <DetailPane title={name} badge={<StateBadge state={state} />} onClose={onClose}>
      <Stack gap={6}>
        <KeyValueList
          items={[
            { label: t('name'), value: name },
            { label: t('contact'), value: contact },
            { label: t('roles'), value: <Roles roles={roles} /> },
            { label: t('submitted'), value: <Time ms={submittedAtMs} /> },
            { label: t('pseudonyms'), value: <Count value={pseudonyms} />, help: t('pseudonymsHelp') },
            { label: t('applicationId'), value: <Copyable text={applicationId} label={t('applicationId')} /> },
          ]}
        />
        {state === 'pending' && <Notice kind="info">{t('pendingText')}</Notice>}
        {state === 'approved' && <Notice kind="success">{t('approvedText')}</Notice>}
        {state === 'refused' && <Notice kind="warning">{t('refusedText')}</Notice>}
        {state === 'revoked' && <Notice kind="danger">{t('revokedText')}</Notice>}
        <TaskProgress task={deciding} />
        <Row gap={2} wrap>
          {(state === 'pending' || state === 'refused') && (
            <Button kind="primary" icon={<Check />} isDisabled={deciding.running} onPress={() => begin('approve', '')}>
              {t('approve')}
            </Button>
          )}
          {state === 'pending' && (
            <Button icon={<X />} isDisabled={deciding.running} onPress={() => setAsked('refuse')}>
              {t('refuse')}
            </Button>
          )}
          {state === 'approved' && (
            <Button kind="danger" icon={<Ban />} isDisabled={deciding.running} onPress={() => setAsked('revoke')}>
              {t('revoke')}
            </Button>
          )}
        </Row>
      </Stack>
      {asked !== null && (
        <Decision outcome={asked} name={name} onClose={() => setAsked(null)} onDecide={(reason) => begin(asked, reason)} />
      )}
    </DetailPane>
  );
}

function Decision({
  outcome,
  name,
  onClose,
  onDecide,
}: {
  readonly outcome: 'refuse' | 'revoke';
  readonly name: string;
  readonly onClose: () => void;
  readonly onDecide: (reason: string) => void;
}) {
  const t = useTexts('pkg');
  const [reason, setReason] = useState('');
  return (
    <Dialog
      isOpen
      onClose={onClose}
      size="small"
      title={t(`ask.${outcome}`, { name })}
      footer={
        <>
          <Button onPress={onClose}>{t('cancel')}</Button>
          <Button kind="danger" onPress={() => onDecide(reason.trim())}>
            {t(outcome)}
          </Button>
        </>
      }
    >
      <Stack gap={4}>
        <p>{t(`ask.${outcome}.text`)}</p>
        <TextField label={t('reason')} value={reason} onChange={setReason} multiline maxLength={500} help={t('reasonHelp')} />
      </Stack>
    </Dialog>
  );
}
