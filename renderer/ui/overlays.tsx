/** What lies over the screen for a while: dialogs, menus, and remarks that go away by themselves. */
import { CircleAlert, CircleCheck, Ellipsis, Info, X } from 'lucide-react';
import { type ReactNode, useEffect, useState, useSyncExternalStore } from 'react';
import {
  Button as AriaButton,
  Dialog as AriaDialog,
  Menu as AriaMenu,
  Heading,
  MenuItem,
  MenuTrigger,
  Modal,
  ModalOverlay,
  Popover,
} from 'react-aria-components';
import { Link } from 'wouter';
import { useTexts } from '../app/texts.ts';
import { Button, IconButton } from './button.tsx';
import { classNames } from './class-names.ts';
import { ErrorPanel } from './feedback.tsx';
import styles from './overlays.module.css';

export interface DialogProps {
  readonly isOpen: boolean;
  readonly onClose: () => void;
  readonly title: string;
  readonly lead?: ReactNode;
  readonly size?: 'small' | 'medium' | 'large';
  readonly footer?: ReactNode;
  readonly children?: ReactNode;
  /** False for what must not be closed by a click beside it. */
  readonly isDismissable?: boolean;
}

/** A task of its own over the screen. */
export function Dialog({ isOpen, onClose, title, lead, size = 'medium', footer, children, isDismissable = true }: DialogProps) {
  const t = useTexts('ui');
  return (
    <ModalOverlay
      className={styles.scrim ?? ''}
      isOpen={isOpen}
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
      isDismissable={isDismissable}
    >
      <Modal className={classNames(styles.modal, styles[size])}>
        <AriaDialog className={styles.dialog ?? ''}>
          <header className={styles.header}>
            <div>
              <Heading slot="title" className={styles.title ?? ''}>
                {title}
              </Heading>
              {lead !== undefined && <p className={styles.lead}>{lead}</p>}
            </div>
            <IconButton label={t('dialog.close')} icon={<X />} onPress={onClose} />
          </header>
          {children !== undefined && <div className={styles.body}>{children}</div>}
          {footer !== undefined && <footer className={styles.footer}>{footer}</footer>}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}

export interface ConfirmDialogProps {
  readonly isOpen: boolean;
  readonly onClose: () => void;
  readonly title: string;
  readonly confirmLabel: string;
  /** Closes the dialog when it has succeeded; an error stays in it. */
  readonly onConfirm: () => unknown;
  readonly danger?: boolean;
  readonly children: ReactNode;
}

/** A question before something that is not taken back easily. */
export function ConfirmDialog({ isOpen, onClose, title, confirmLabel, onConfirm, danger = false, children }: ConfirmDialogProps) {
  const t = useTexts('ui');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<Error | null>(null);
  useEffect(() => {
    if (isOpen) setError(null);
  }, [isOpen]);
  const confirm = async () => {
    setBusy(true);
    setError(null);
    try {
      await onConfirm();
      onClose();
    } catch (caught) {
      setError(caught instanceof Error ? caught : new Error(String(caught)));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Dialog
      isOpen={isOpen}
      onClose={onClose}
      title={title}
      size="small"
      footer={
        <>
          <Button onPress={onClose} isDisabled={busy}>
            {t('dialog.cancel')}
          </Button>
          <Button kind={danger ? 'danger' : 'primary'} busy={busy} onPress={() => void confirm()} autoFocus>
            {confirmLabel}
          </Button>
        </>
      }
    >
      <div className={styles.sentences}>{children}</div>
      <ErrorPanel error={error} compact />
    </Dialog>
  );
}

export interface MenuEntry {
  readonly id: string;
  readonly label: string;
  readonly detail?: string;
  readonly icon?: ReactNode;
  readonly danger?: boolean;
  readonly isDisabled?: boolean;
  readonly onAction: () => void;
}
export interface MenuProps {
  readonly label: string;
  readonly items: readonly MenuEntry[];
  /** A button; without one, three dots. */
  readonly trigger?: ReactNode;
}

/** Actions that are not needed all the time. */
export function Menu({ label, items, trigger }: MenuProps) {
  return (
    <MenuTrigger>
      {trigger ?? (
        <AriaButton aria-label={label} className={styles.dots ?? ''}>
          <Ellipsis />
        </AriaButton>
      )}
      <Popover className={styles.popover ?? ''} offset={4}>
        <AriaMenu aria-label={label} className={styles.menu ?? ''}>
          {items.map((item) => (
            <MenuItem
              key={item.id}
              id={item.id}
              textValue={item.label}
              isDisabled={item.isDisabled ?? false}
              onAction={item.onAction}
              className={classNames(styles.entry, item.danger === true && styles.dangerEntry)}
            >
              {item.icon}
              <span className={styles.entryText}>
                <span>{item.label}</span>
                {item.detail !== undefined && <span className={styles.entryDetail}>{item.detail}</span>}
              </span>
            </MenuItem>
          ))}
        </AriaMenu>
      </Popover>
    </MenuTrigger>
  );
}

export interface ToastContent {
  readonly text: string;
  readonly kind?: 'info' | 'success' | 'danger';
  readonly action?: { readonly label: string; readonly to: string };
  /** Stays until it is dismissed, as what failed does: for what must not be missed. */
  readonly stays?: boolean;
}
interface ShownToast extends ToastContent {
  readonly id: number;
}

let toasts: readonly ShownToast[] = [];
let lastToast = 0;
const watchers = new Set<() => void>();
function setToasts(next: readonly ShownToast[]): void {
  toasts = next;
  for (const watcher of watchers) watcher();
}
const withoutToast = (id: number) => setToasts(toasts.filter((shown) => shown.id !== id));

/** Says something that needs no answer. */
export function toast(content: ToastContent): void {
  lastToast += 1;
  setToasts([...toasts.slice(-3), { ...content, id: lastToast }]);
}

const toastIcons = { info: <Info />, success: <CircleCheck />, danger: <CircleAlert /> };

function ToastRow({ content }: { readonly content: ShownToast }) {
  const t = useTexts('ui');
  const [held, setHeld] = useState(false);
  const kind = content.kind ?? 'info';
  const stays = content.stays ?? kind === 'danger';
  useEffect(() => {
    if (held || stays) return;
    const timer = setTimeout(() => withoutToast(content.id), 6000);
    return () => clearTimeout(timer);
  }, [held, stays, content.id]);
  return (
    <li
      className={classNames(styles.toast, styles[kind])}
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
    >
      {toastIcons[kind]}
      <span className={styles.toastText}>{content.text}</span>
      {content.action !== undefined && (
        <Link to={content.action.to} onClick={() => withoutToast(content.id)}>
          {content.action.label}
        </Link>
      )}
      <IconButton label={t('toast.close')} icon={<X />} size="small" onPress={() => withoutToast(content.id)} />
    </li>
  );
}

/** The place where toasts appear; once a window. */
export function ToastRegion() {
  const t = useTexts('ui');
  const shown = useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    () => toasts,
  );
  return (
    <section aria-label={t('toast.region')} aria-live="polite" className={styles.toasts}>
      <ul>
        {shown.map((content) => (
          <ToastRow key={content.id} content={content} />
        ))}
      </ul>
    </section>
  );
}
