/** Coins for an address: the operator of a network of one's own gives who joins something to begin with. */
import { useState } from 'react';
import { useCall, useTask } from '../../api/client.ts';
import { useLanguage, useTexts } from '../../app/texts.ts';
import { Button, formatCoins, Row, Stack, TaskProgress, TextField, toast } from '../../ui/index.ts';
import { decimalMarkOf, readCoins } from '../requirements/decimal-input.ts';
import styles from './network.module.css';

/** The form. */
export function Funding({ networkId }: { readonly networkId: string }) {
  const t = useTexts('network');
  const language = useLanguage();
  const identity = useCall('identity.get', {});
  const funding = useTask('ownNetwork.fund');
  const [address, setAddress] = useState('');
  const [typed, setTyped] = useState('10');
  const to = address.trim().toLowerCase();
  const amount = readCoins(typed, decimalMarkOf(language));
  const isAddress = /^0x[0-9a-f]{40}$/.test(to);
  const isAmount = amount !== null && amount > 0n;
  const own = identity.data?.pseudonyms[0]?.address;
  const pay = async () => {
    if (!isAddress || !isAmount) return;
    await funding.run({ networkId, address: to, amount: amount.toString() });
    toast({ kind: 'success', text: t('funded', { amount: formatCoins(amount.toString(), language) }) });
    setAddress('');
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        pay().catch(() => undefined); // the task holds the error, and TaskProgress shows it
      }}
    >
      <Stack gap={4}>
        <div className={styles.funding}>
          <TextField
            label={t('fundAddress')}
            value={address}
            onChange={setAddress}
            mono
            placeholder="0x…"
            problem={address !== '' && !isAddress ? t('problem.address') : null}
          />
          <TextField
            label={t('fundAmount')}
            value={typed}
            onChange={setTyped}
            suffix={t('coins')}
            problem={isAmount ? null : t('problem.amount')}
          />
        </div>
        <Row gap={2} wrap>
          <Button kind="primary" type="submit" isDisabled={!isAddress || !isAmount} busy={funding.running}>
            {t('fundSend')}
          </Button>
          {own !== undefined && (
            <Button kind="quiet" onPress={() => setAddress(own)}>
              {t('fundMine')}
            </Button>
          )}
        </Row>
        <TaskProgress task={funding} />
      </Stack>
    </form>
  );
}
