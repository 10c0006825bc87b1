/** Received data beside the chain: each line is computed anew from the file here and read anew from the chain. */
import { CircleCheck, CircleX, ShieldCheck } from 'lucide-react';
import type { ResponseOf } from '../../../electron/ipc-contract.ts';
import { useTask } from '../../api/client.ts';
import { hasText, useTexts } from '../../app/texts.ts';
import { Button, Copyable, EmptyState, Notice, Stack, TaskProgress } from '../../ui/index.ts';
import styles from './received.module.css';

/** The checks, made when asked. */
export function ReceivedChecks({ offerId }: { readonly offerId: string }) {
  const t = useTexts('received');
  const checking = useTask('received.check');
  const start = (
    <Button
      kind={checking.value === undefined ? 'primary' : 'secondary'}
      icon={<ShieldCheck />}
      onPress={() => checking.start({ offerId })}
    >
      {t(checking.value === undefined ? 'checkNow' : 'checkAgain')}
    </Button>
  );
  return (
    <Stack gap={4}>
      <TaskProgress task={checking} title={t('checking')} />
      {!checking.running && checking.value === undefined && checking.error === null && (
        <EmptyState icon={<ShieldCheck />} title={t('checksTitle')} text={t('checksText')} action={start} />
      )}
      {!checking.running && checking.value !== undefined && <Checks checks={checking.value.checks} />}
      {!checking.running && (checking.value !== undefined || checking.error !== null) && <div>{start}</div>}
    </Stack>
  );
}

function Checks({ checks }: ResponseOf<'received.check'>) {
  const t = useTexts('received');
  const failed = checks.filter(({ holds }) => !holds).length;
  const value = (text: string) => (text.length > 24 ? <Copyable text={text} /> : text);
  return (
    <Stack gap={4}>
      <div role="status">
        {failed === 0 ? (
          <Notice kind="success" title={t('allHold', { count: checks.length })}>
            {t('allHoldText')}
          </Notice>
        ) : (
          <Notice kind="danger" title={t('someFail', { count: failed })}>
            {t('someFailText')}
          </Notice>
        )}
      </div>
      <table className={styles.checks}>
        <caption className={styles.caption}>{t('checks')}</caption>
        <thead>
          <tr>
            <th scope="col">{t('checkWhat')}</th>
            <th scope="col">{t('checkHere')}</th>
            <th scope="col">{t('checkChain')}</th>
            <th scope="col">{t('checkResult')}</th>
          </tr>
        </thead>
        <tbody>
          {checks.map(({ what, local, chain, holds }) => (
            <tr key={what}>
              <th scope="row">{hasText('received', `check.${what}`) ? t(`check.${what}`) : what}</th>
              <td>{value(local)}</td>
              <td>{value(chain)}</td>
              <td className={holds ? styles.holds : styles.fails}>
                {holds ? <CircleCheck aria-hidden /> : <CircleX aria-hidden />}
                {t(holds ? 'holds' : 'fails')}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Stack>
  );
}
