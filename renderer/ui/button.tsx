/** Buttons: with words, with an icon alone, and links that look like one. */
import { LoaderCircle } from 'lucide-react';
import type { ReactNode } from 'react';
import { Button as AriaButton } from 'react-aria-components';
import { Link } from 'wouter';
import styles from './button.module.css';
import { classNames } from './class-names.ts';
import { Tooltip } from './tooltip.tsx';

export type ButtonKind = 'primary' | 'secondary' | 'quiet' | 'danger';

export interface ButtonProps {
  readonly children: ReactNode;
  readonly kind?: ButtonKind;
  readonly size?: 'normal' | 'small';
  readonly icon?: ReactNode;
  /** Shows that the press is being worked on, and takes no other. */
  readonly busy?: boolean;
  readonly isDisabled?: boolean;
  readonly autoFocus?: boolean;
  readonly type?: 'button' | 'submit';
  readonly label?: string;
  readonly slot?: string;
  readonly onPress?: () => void;
}

/** A button with words. */
export function Button({
  children,
  kind = 'secondary',
  size = 'normal',
  icon,
  busy = false,
  isDisabled = false,
  autoFocus = false,
  type = 'button',
  label,
  slot,
  onPress,
}: ButtonProps) {
  return (
    <AriaButton
      className={classNames(styles.button, styles[kind], size === 'small' && styles.small)}
      isDisabled={isDisabled}
      isPending={busy}
      autoFocus={autoFocus}
      type={type}
      {...(label === undefined ? {} : { 'aria-label': label })}
      {...(slot === undefined ? {} : { slot })}
      {...(onPress === undefined ? {} : { onPress: () => onPress() })}
    >
      {busy ? <LoaderCircle className={styles.turning} /> : icon}
      <span className={styles.words}>{children}</span>
    </AriaButton>
  );
}

export interface IconButtonProps {
  /** Its name, which the tooltip shows too. */
  readonly label: string;
  readonly icon: ReactNode;
  readonly isDisabled?: boolean;
  readonly size?: 'normal' | 'small';
  readonly pressed?: boolean;
  readonly onPress?: () => void;
}

/** A button that is an icon alone. */
export function IconButton({ label, icon, isDisabled = false, size = 'normal', pressed, onPress }: IconButtonProps) {
  return (
    <Tooltip text={label}>
      <AriaButton
        aria-label={label}
        className={classNames(styles.iconButton, size === 'small' && styles.small)}
        isDisabled={isDisabled}
        {...(pressed === undefined ? {} : { 'aria-pressed': pressed })}
        {...(onPress === undefined ? {} : { onPress: () => onPress() })}
      >
        {icon}
      </AriaButton>
    </Tooltip>
  );
}

export interface LinkButtonProps {
  readonly to: string;
  readonly children: ReactNode;
  readonly kind?: ButtonKind;
  readonly size?: 'normal' | 'small';
  readonly icon?: ReactNode;
}

/** A link to another screen in the shape of a button. */
export function LinkButton({ to, children, kind = 'secondary', size = 'normal', icon }: LinkButtonProps) {
  return (
    <Link to={to} className={classNames(styles.button, styles[kind], styles.link, size === 'small' && styles.small)}>
      {icon}
      <span className={styles.words}>{children}</span>
    </Link>
  );
}
