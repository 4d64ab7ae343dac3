// Adding a household by hand, at the place that was clicked.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { App, Input, Modal, Select } from 'antd';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answer, api } from '../api/client';
import type { Household, LonLat } from '../api/types';
import { useWords } from '../common/format';
import { overlays } from '../common/overlays';
import { Failed } from '../common/states';
import { nothingSelected, useView } from '../view/url';

const KINDS = ['owner', 'rental', 'self-built', 'collective', 'unknown'] as const;
const PARTS = ['compound', 'building', 'stairwell', 'doorplate'] as const;
const NO_AGES = {
  age_0_2: null,
  age_3_6: null,
  age_7_17: null,
  age_18_59: null,
  age_60_79: null,
  age_80: null,
};

export default function NewHousehold({ place, onClose }: { place: LonLat; onClose: () => void }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const client = useQueryClient();
  const word = useWords();
  const [, setView] = useView();
  const id = useId();
  const [address, setAddress] = useState('');
  const [parts, setParts] = useState({ compound: '', building: '', stairwell: '', doorplate: '' });
  const [kind, setKind] = useState<(typeof KINDS)[number]>('unknown');
  const [occupied, setOccupied] = useState('');
  const add = useMutation({
    mutationFn: () =>
      answer<Household>(
        api.POST('/households', {
          body: {
            address: address.trim(),
            ...parts,
            kind,
            occupied: occupied === '' ? null : occupied === 'yes',
            ages: NO_AGES,
            point: place,
          },
        }),
      ),
    onSuccess: (household) => {
      message.success(t('household.did.place', { unit: household.unit || t('place.nobody') }));
      for (const subject of ['households', 'status', 'unit', 'place']) {
        client.invalidateQueries({ queryKey: [subject] });
      }
      setView({ ...nothingSelected, item: { kind: 'household', id: String(household.id) } });
      onClose();
    },
  });
  const said = address.trim() !== '' || PARTS.some((part) => parts[part].trim() !== '');
  return (
    <Modal
      open
      getContainer={overlays}
      title={t('household.addTitle')}
      okText={t('household.add')}
      cancelText={t('common.cancel')}
      okButtonProps={{ disabled: !said, loading: add.isPending }}
      onOk={() => add.mutate()}
      onCancel={onClose}
    >
      <p className="hint">{t('household.addHint')}</p>
      {add.isError && <Failed cause={add.error} />}
      <div className="form-row">
        <label htmlFor={`${id}address`}>{t('field.address')}</label>
        <Input id={`${id}address`} value={address} onChange={(event) => setAddress(event.target.value)} />
      </div>
      <div className="form-pair">
        {PARTS.map((part) => (
          <div className="form-row" key={part}>
            <label htmlFor={id + part}>{t(`field.${part}`)}</label>
            <Input
              id={id + part}
              value={parts[part]}
              onChange={(event) => setParts({ ...parts, [part]: event.target.value })}
            />
          </div>
        ))}
        <div className="form-row">
          <label htmlFor={`${id}kind`}>{t('household.kind')}</label>
          <Select
            id={`${id}kind`}
            value={kind}
            onChange={setKind}
            options={KINDS.map((value) => ({ value, label: word('householdKind', value) }))}
          />
        </div>
        <div className="form-row">
          <label htmlFor={`${id}occupied`}>{t('household.occupied')}</label>
          <Select
            id={`${id}occupied`}
            value={occupied}
            onChange={setOccupied}
            options={[
              { value: '', label: t('common.unknown') },
              { value: 'yes', label: t('common.yes') },
              { value: 'no', label: t('common.no') },
            ]}
          />
        </div>
      </div>
    </Modal>
  );
}
