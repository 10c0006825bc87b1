/** A further network on this machine: a node, a PKG and proxies. */
import { useState } from 'react';
import { useTask } from '../../api/client.ts';
import { useTexts } from '../../app/texts.ts';
import { Button, NumberField, Row, Section, Stack, TaskProgress, TextField } from '../../ui/index.ts';
import styles from './network.module.css';

/** The form. */
export function NewNetwork({ onMade }: { readonly onMade: (networkId: string) => void }) {
  const t = useTexts('network');
  const creating = useTask('ownNetwork.create');
  const [name, setName] = useState('');
  const [proxies, setProxies] = useState(3);
  const [threshold, setThreshold] = useState(2);
  const isRange = (value: number, most: number) => Number.isInteger(value) && value >= 1 && value <= most;
  const isValid = name.trim() !== '' && isRange(proxies, 32) && isRange(threshold, proxies);
  const make = async () => {
    const { networkId } = await creating.run({ name: name.trim(), proxies, threshold });
    onMade(networkId);
  };
  return (
    <Section title={t('newTitle')} lead={t('newLead')}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          make().catch(() => undefined); // the task holds the error, and TaskProgress shows it
        }}
      >
        <Stack gap={4}>
          <div className={styles.making}>
            <TextField label={t('newName')} value={name} onChange={setName} maxLength={80} isRequired />
            <NumberField label={t('newProxies')} value={proxies} onChange={setProxies} min={1} max={32} help={t('newProxiesHelp')} />
            <NumberField
              label={t('newThreshold')}
              value={threshold}
              onChange={setThreshold}
              min={1}
              max={Number.isInteger(proxies) ? proxies : 32}
              help={t('newThresholdHelp')}
            />
          </div>
          <TaskProgress task={creating} />
          <Row>
            <Button kind="primary" type="submit" isDisabled={!isValid} busy={creating.running}>
              {t('newMake')}
            </Button>
          </Row>
        </Stack>
      </form>
    </Section>
  );
}
