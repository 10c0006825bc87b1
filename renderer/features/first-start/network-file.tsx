/** A network's file: chosen, its signature checked, and what it says shown before anybody relies on it. */
import { useState } from 'react';
import type { FileView } from '../../../electron/views.ts';
import { useCall } from '../../api/client.ts';
import { type Invitation, useInvitation } from '../../app/links.tsx';
import { useTexts } from '../../app/texts.ts';
import { Badge, Button, Card, Copyable, DropZone, KeyValueList, Notice, Query, Row, Stack } from '../../ui/index.ts';

export interface NetworkFileProps {
  readonly onAccept: (token: string) => void;
}

/** The choice and the look at it. */
export function NetworkFile({ onAccept }: NetworkFileProps) {
  const t = useTexts('first-start');
  const [file, setFile] = useState<FileView | null>(null);
  if (file === null) return <DropZone kind="network" title={t('join.drop')} detail={t('join.drop.text')} onFile={setFile} />;
  return <Contents file={file} onAccept={onAccept} onOther={() => setFile(null)} />;
}

function Contents({ file, onAccept, onOther }: NetworkFileProps & { readonly file: FileView; readonly onOther: () => void }) {
  const t = useTexts('first-start');
  const contents = useCall('file.readNetwork', { file: file.token });
  const invitation = useInvitation();
  return (
    <Stack gap={4}>
      <Query result={contents}>
        {(network) => (
          <>
            <Card title={network.name} actions={network.development && <Badge tone="warning">{t('join.development')}</Badge>}>
              <KeyValueList
                items={[
                  { label: t('join.file'), value: file.name },
                  { label: t('join.signer'), value: <Copyable text={network.signer} />, help: t('join.signer.help') },
                  { label: t('join.chain'), value: `${network.chainId}${network.ownChain ? ` (${t('join.own-chain')})` : ''}` },
                  { label: t('join.pkg'), value: network.pkgUrl },
                  { label: t('join.proxies'), value: t('join.proxies.value', { threshold: network.threshold, proxies: network.proxies }) },
                ]}
              />
            </Card>
            {isOther(invitation, network) && (
              <Notice kind="danger" title={t('join.other-signer')}>
                {t('join.other-signer.text', { name: invitation?.name ?? network.name })}
              </Notice>
            )}
            {network.development && (
              <Notice kind="warning" title={t('network.development')}>
                {t('network.development.text')}
              </Notice>
            )}
            <Row justify="end">
              <Button onPress={onOther}>{t('join.other')}</Button>
              <Button kind="primary" isDisabled={isOther(invitation, network)} onPress={() => onAccept(file.token)}>
                {t('join.accept')}
              </Button>
            </Row>
          </>
        )}
      </Query>
      {contents.error !== null && (
        <Row justify="end">
          <Button onPress={onOther}>{t('join.other')}</Button>
        </Row>
      )}
    </Stack>
  );
}

/** Whether the file is signed by another than the link that invited to this network has said. */
function isOther(invitation: Invitation | null, { signer }: { readonly signer: string }): boolean {
  return invitation !== null && invitation.signer !== signer;
}
