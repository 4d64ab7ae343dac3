// The staffing template: which posts the units of a level have.
import { DeleteOutlined, PlusOutlined } from '@ant-design/icons';
import { Button, Checkbox, InputNumber, Select } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { useMay } from '../account/session';
import { answer, api } from '../api/client';
import { useTitle } from '../common/format';
import { overlays } from '../common/overlays';
import { useSetBackstop } from './backstop';
import { Rows, Shown, useChange } from './common';
import { type KindOfPost, type Line, type Staffing, TOUCHED, usePost, useStaffing } from './duties';

export function Templates() {
  const { t } = useTranslation();
  const staffing = useStaffing();
  const plans = useMay()('plan');
  return (
    <>
      <p className="soft">
        {t('admin.template.hint')} {plans && <Link to="/rules">{t('rules.title')}</Link>}
      </p>
      <Shown query={staffing}>
        {({ levels, kinds, backstop }) => (
          <>
            <Backstop post={backstop} />
            {levels.map((level) => (
              <Template key={level.level} level={level} kinds={kinds} />
            ))}
          </>
        )}
      </Shown>
    </>
  );
}

function Template({ level, kinds }: { level: Staffing['levels'][number]; kinds: KindOfPost[] }) {
  const { t } = useTranslation();
  const title = useTitle();
  const may = useMay()('setting');
  const [edited, setEdited] = useState<Line[] | null>(null);
  const lines = edited ?? level.lines;
  const save = useChange(
    (next: Line[]) =>
      answer<Staffing>(
        api.PUT('/staffing/levels/{level}', {
          params: { path: { level: level.level } },
          body: { lines: next },
        }),
      ),
    TOUCHED,
    t('admin.template.saved'),
  );
  const set = (kind: string, change: Partial<Line>) =>
    setEdited(lines.map((line) => (line.kind === kind ? { ...line, ...change } : line)));
  const unused = kinds.filter((kind) => !lines.some((line) => line.kind === kind.kind));
  const nameOf = (code: string) =>
    title(
      kinds.find((kind) => kind.kind === code),
      code,
    );
  const name = title(level, level.level);
  return (
    <section className="admin-card" aria-label={name}>
      <h2>{name}</h2>
      {lines.length === 0 && <p className="soft">{t('admin.template.none')}</p>}
      {lines.length > 0 && (
        <Rows
          label={name}
          rowKey={(row) => String(row.kind)}
          rows={lines}
          columns={[
            { title: t('admin.post.kind'), cell: (line) => nameOf(line.kind) },
            {
              title: t('admin.template.min'),
              cell: (line) => (
                <InputNumber
                  aria-label={`${nameOf(line.kind)} ${t('admin.template.min')}`}
                  size="small"
                  min={0}
                  max={1000}
                  precision={0}
                  disabled={!may}
                  value={line.min}
                  onChange={(min) => set(line.kind, { min: min ?? 0 })}
                />
              ),
            },
            {
              title: t('admin.template.max'),
              cell: (line) => (
                <InputNumber
                  aria-label={`${nameOf(line.kind)} ${t('admin.template.max')}`}
                  size="small"
                  min={1}
                  max={1000}
                  precision={0}
                  disabled={!may}
                  placeholder={t('admin.template.anyNumber')}
                  value={line.max}
                  onChange={(max) => set(line.kind, { max })}
                />
              ),
            },
            ...(['leads', 'deputy'] as const).map((field) => ({
              title: t(`admin.template.${field}`),
              cell: (line: Line) => (
                <Checkbox
                  aria-label={`${nameOf(line.kind)} ${t(`admin.template.${field}`)}`}
                  disabled={!may}
                  checked={line[field]}
                  onChange={(event) => set(line.kind, { [field]: event.target.checked })}
                />
              ),
            })),
            {
              title: t('admin.actions'),
              cell: (line) =>
                may && (
                  <Button
                    size="small"
                    type="text"
                    aria-label={t('admin.template.remove', { kind: nameOf(line.kind) })}
                    icon={<DeleteOutlined aria-hidden="true" />}
                    onClick={() => setEdited(lines.filter((other) => other.kind !== line.kind))}
                  />
                ),
            },
          ]}
        />
      )}
      {may && (
        <div className="admin-actions">
          {unused.length > 0 && (
            <Select
              className="admin-choice"
              aria-label={t('admin.template.add')}
              placeholder={t('admin.template.add')}
              suffixIcon={<PlusOutlined aria-hidden="true" />}
              getPopupContainer={overlays}
              value={null}
              onChange={(kind: Line['kind'] | null) =>
                kind && setEdited([...lines, { kind, min: 1, max: null, leads: false, deputy: false }])
              }
              options={unused.map((kind) => ({ value: kind.kind, label: title(kind, kind.kind) }))}
            />
          )}
          {edited && (
            <>
              <Button
                type="primary"
                loading={save.isPending}
                onClick={() => save.mutate(edited, { onSuccess: () => setEdited(null) })}
              >
                {t('common.save')}
              </Button>
              <Button onClick={() => setEdited(null)}>{t('common.cancel')}</Button>
            </>
          )}
        </div>
      )}
    </section>
  );
}

/** Backstop names the post that answers when nobody in a unit's line does. Another is set at the post. */
function Backstop({ post }: { post: number }) {
  const { t } = useTranslation();
  const title = useTitle();
  const may = useMay()('setting');
  const set = useSetBackstop();
  const found = usePost(post || null).data;
  const who = found && (found.a ?? found.b);
  return (
    <section className="admin-card" aria-label={t('admin.template.backstop')}>
      <h2>{t('admin.template.backstop')}</h2>
      <p className="soft">{t('admin.template.backstopHint')}</p>
      {post === 0 && <p>{t('admin.template.anyAdministrator')}</p>}
      {found && (
        <p>
          <strong>{title(found, found.kind)}</strong> · {found.unit_name || t('admin.everywhere')}
          {who && ` · ${who.name || who.login}`}
        </p>
      )}
      {post !== 0 && may && (
        <Button size="small" loading={set.isPending} onClick={() => set.mutate(0)}>
          {t('admin.template.backstopClear')}
        </Button>
      )}
    </section>
  );
}
