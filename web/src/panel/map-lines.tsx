// The lines that stand on every map and export: who made the ground, and the
// number under which the map was reviewed.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { App, Button, Input } from 'antd';
import { type FormEvent, useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answer, api } from '../api/client';
import type { components } from '../api/schema';
import { Failed, Loading } from '../common/states';

type Settings = components['schemas']['Settings'];
type Lines = Pick<Settings, 'attribution' | 'review_number'>;

export function MapLines() {
  const { t } = useTranslation();
  const lines = useQuery({
    queryKey: ['settings'],
    queryFn: ({ signal }) => answer<Lines>(api.GET('/settings', { signal })),
  });
  return (
    <details className="block">
      <summary>{t('data.lines')}</summary>
      {lines.isPending && <Loading rows={2} />}
      {lines.isError && <Failed cause={lines.error} retry={() => lines.refetch()} />}
      {lines.data && <LinesForm lines={lines.data} />}
    </details>
  );
}

function LinesForm({ lines }: { lines: Lines }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const client = useQueryClient();
  const id = useId();
  const [attribution, setAttribution] = useState(lines.attribution);
  const [review, setReview] = useState(lines.review_number);
  const save = useMutation({
    mutationFn: () => {
      const said = { attribution: attribution.trim(), review_number: review.trim() };
      return answer<Lines>(api.PUT('/settings', { body: said as Settings })); // "demo" is only read
    },
    onSuccess: (saved) => {
      client.setQueryData(['settings'], saved);
      client.invalidateQueries({ queryKey: ['status'] });
      message.success(t('data.linesSaved'));
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <form className="lines" onSubmit={submit}>
      <div className="form-row">
        <label htmlFor={`${id}a`}>{t('data.attribution')}</label>
        <Input id={`${id}a`} value={attribution} onChange={(event) => setAttribution(event.target.value)} />
        <p className="hint">{t('data.attributionHint')}</p>
      </div>
      <div className="form-row">
        <label htmlFor={`${id}r`}>{t('data.reviewNumber')}</label>
        <Input
          id={`${id}r`}
          value={review}
          placeholder="GS 2026-0000"
          onChange={(event) => setReview(event.target.value)}
        />
      </div>
      {save.isError && <Failed cause={save.error} />}
      <Button htmlType="submit" size="small" loading={save.isPending}>
        {t('common.save')}
      </Button>
    </form>
  );
}
