// Whose walk counts: the households of the ledger, or an imported set of people.
import { useQuery } from '@tanstack/react-query';
import { Select } from 'antd';
import { useId } from 'react';
import { useTranslation } from 'react-i18next';
import { answer, api } from '../api/client';
import type { List } from '../api/queries';
import { overlays } from '../common/overlays';
import { setChoice, useChoice } from './choice';

type DemandSet = { id: number; name: string; version: number };

const useDemandSets = () =>
  useQuery({
    queryKey: ['demand-sets'],
    queryFn: ({ signal }) => answer<List<DemandSet>>(api.GET('/demand-sets', { signal })),
    select: (list) => list.items,
  });

export function DemandSelect() {
  const { t } = useTranslation();
  const id = useId();
  const { demand } = useChoice();
  const sets = useDemandSets().data ?? [];
  return (
    <div className="form-row">
      <label htmlFor={id}>{t('circle.choose.demand')}</label>
      <Select
        id={id}
        getPopupContainer={overlays}
        value={demand}
        onChange={(next) => setChoice({ demand: next })}
        options={[
          { value: 0, label: t('circle.choose.ledger') },
          ...sets.map((set) => ({ value: set.id, label: `${set.name} · ${set.version}` })),
        ]}
      />
    </div>
  );
}
