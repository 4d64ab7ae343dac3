import { CopyOutlined } from '@ant-design/icons';
import { useTranslation } from 'react-i18next';
import { useCopy } from '../common/copy';

/** Copyable is a code or a coordinate that goes to the clipboard when pressed. */
export function Copyable({ text, label }: { text: string; label?: string }) {
  const { t } = useTranslation();
  const copy = useCopy();
  return (
    <button
      type="button"
      className="copyable figures"
      aria-label={t('common.copy', { text: label ?? text })}
      onClick={() => copy(text, label)}
    >
      {text} <CopyOutlined aria-hidden="true" />
    </button>
  );
}
