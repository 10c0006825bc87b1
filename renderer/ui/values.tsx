/** Values as readers know them: amounts, times, sizes, counts, hashes, people. */

import { toSvg } from 'jdenticon';
import { Check, Copy } from 'lucide-react';
import { type ReactNode, useEffect, useMemo, useState } from 'react';
import { Button as AriaButton, VisuallyHidden } from 'react-aria-components';
import { call, useCall } from '../api/client.ts';
import { useLanguage, useTexts } from '../app/texts.ts';
import { formatBytes, formatCoins, formatCount, formatDistance, formatTime, shortHex } from './format.ts';
import { TextTooltip, Tooltip } from './tooltip.tsx';
import styles from './values.module.css';

/** An amount of coins. */
export function Amount({ wei, sign = false }: { readonly wei: string; readonly sign?: boolean }) {
  const t = useTexts('ui');
  const language = useLanguage();
  const text = formatCoins(wei, language);
  return (
    <span className={styles.number}>
      {sign ? '+' : ''}
      {t('amount', { amount: text })}
    </span>
  );
}

/** The present, in steps that suffice for what is shown. */
export function useNow(stepMs = 10_000): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), stepMs);
    return () => clearInterval(timer);
  }, [stepMs]);
  return now;
}

export interface TimeProps {
  readonly seconds?: number;
  readonly ms?: number;
  /** "3 hours ago" instead of the date, for what has happened. */
  readonly relative?: boolean;
}

/** A moment in local time, with its zone when asked. */
export function Time({ seconds, ms, relative = false }: TimeProps) {
  const language = useLanguage();
  const now = useNow(30_000);
  const at = ms ?? (seconds ?? 0) * 1000;
  return (
    <TextTooltip text={formatTime(at, language, true)}>
      <time dateTime={new Date(at).toISOString()} className={styles.number}>
        {/* What happened since the clock was last looked at is now, not to come. */}
        {relative ? formatDistance(Math.min(at, now), now, language) : formatTime(at, language)}
      </time>
    </TextTooltip>
  );
}

/** How long there is until a moment; marked when it is near or over. */
export function Due({ seconds }: { readonly seconds: number }) {
  const language = useLanguage();
  const t = useTexts('ui');
  const now = useNow();
  const left = seconds * 1000 - now;
  return (
    <TextTooltip text={formatTime(seconds * 1000, language, true)}>
      <time
        dateTime={new Date(seconds * 1000).toISOString()}
        className={left < 0 ? styles.over : left < 3600_000 ? styles.near : styles.number}
      >
        {left < 0
          ? t('due.over', { distance: formatDistance(seconds * 1000, now, language) })
          : formatDistance(seconds * 1000, now, language)}
      </time>
    </TextTooltip>
  );
}

/** The size of a file. */
export function Bytes({ value }: { readonly value: number }) {
  return <span className={styles.number}>{formatBytes(value, useLanguage())}</span>;
}

/** A number of things. */
export function Count({ value }: { readonly value: number }) {
  return <span className={styles.number}>{formatCount(value, useLanguage())}</span>;
}

export interface CopyableProps {
  readonly text: string;
  /** What it is, for the tooltip: "Address". */
  readonly label?: string;
  /** False shows all of it. */
  readonly short?: boolean;
  /** What is shown instead of the two ends of the text. */
  readonly children?: ReactNode;
}

/** A hash or an id: short to see, whole in the clipboard. */
export function Copyable({ text, label, short = true, children }: CopyableProps) {
  const t = useTexts('ui');
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 1500);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = async () => {
    await call('app.copy', { text });
    setCopied(true);
  };
  return (
    <Tooltip text={<span className={styles.mono}>{text}</span>}>
      <AriaButton className={styles.copyable ?? ''} onPress={() => void copy()}>
        {children ?? <span className={styles.mono}>{short ? shortHex(text) : text}</span>}
        <VisuallyHidden>{t('copy', { what: label ?? t('copy.text') })}</VisuallyHidden>
        {copied ? <Check className={styles.copied} /> : <Copy className={styles.copyIcon} />}
      </AriaButton>
    </Tooltip>
  );
}

/** A picture that is the same for the same value, and differs for others. */
export function Identicon({ value, size = 20 }: { readonly value: string; readonly size?: 20 | 32 | 48 }) {
  const svg = useMemo(
    () =>
      toSvg(value, size, {
        padding: 0.08,
        lightness: { color: [0.42, 0.66], grayscale: [0.42, 0.6] },
        saturation: { color: 0.42, grayscale: 0 },
      }),
    [value, size],
  );
  // biome-ignore lint/security/noDangerouslySetInnerHtml: the picture is drawn here from a hash; no text of anybody is in it.
  return <span aria-hidden="true" className={styles.identicon} dangerouslySetInnerHTML={{ __html: svg }} />;
}

/** A pseudonym: by the name that it has on this machine, or by the two ends of its address. */
export function PersonName({ address, plain = false }: { readonly address: string; readonly plain?: boolean }) {
  const t = useTexts('ui');
  const people = useCall('person.list', {});
  const person = people.data?.find((candidate) => candidate.address === address);
  const name = person?.mine === true ? (person.name ?? t('person.me')) : person?.name;
  const content = (
    <span className={styles.person}>
      <Identicon value={address} />
      {name ? <span>{name}</span> : <span className={styles.mono}>{shortHex(address)}</span>}
    </span>
  );
  if (plain) return content;
  return (
    <Copyable text={address} label={t('copy.address')}>
      {content}
    </Copyable>
  );
}
