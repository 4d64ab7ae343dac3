import {
  BorderOutlined,
  CheckCircleOutlined,
  ExclamationCircleOutlined,
  WarningOutlined,
} from '@ant-design/icons';
import { Tooltip } from 'antd';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useWords } from '../common/format';

const icons: Record<string, ReactNode> = {
  complete: <CheckCircleOutlined aria-hidden="true" />,
  incomplete: <ExclamationCircleOutlined aria-hidden="true" />,
  invalid: <WarningOutlined aria-hidden="true" />,
  undivided: <BorderOutlined aria-hidden="true" />,
};

/** UnitState says whether the parts of a unit tile it: by word and icon, not by colour alone. */
export function UnitState({ state, short = false }: { state: string; short?: boolean }) {
  const { t } = useTranslation();
  const word = useWords();
  const mark = (
    <span className={`unit-state unit-state-${state}`}>
      <span aria-hidden="true">{icons[state]}</span> {word('unitState', state)}
    </span>
  );
  if (short) return mark;
  return (
    <Tooltip title={t(`unitStateHint.${state}` as 'unitStateHint.complete', { defaultValue: '' })}>
      {mark}
    </Tooltip>
  );
}
