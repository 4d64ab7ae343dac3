// The track of another's shift: first why, which is recorded and which the officer reads;
// then the way on the map, with a slider over its time.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Alert, Button, Form, Input, Modal, Select } from 'antd';
import { useCallback, useDeferredValue, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import UnitMap, { type Style } from '../admin/unit-map';
import { answer, api } from '../api/client';
import type { components } from '../api/schema';
import { useCategoryTitle } from '../board/card';
import { moment, useLanguage } from '../common/format';
import { overlays } from '../common/overlays';
import { Slide } from '../common/slide';
import { Failed, Nothing } from '../common/states';
import { Swatch } from '../common/swatch';
import { unwashed } from '../incidents/overlay';
import { usePalette } from '../theme/theme';
import { type Act, actColour, aroundOf, type Course, placeAt, withCourse } from './course';
import { useKindTitle } from './posts';
import type { Duty } from './shifts';
import { clock } from './state';

type Why = components['schemas']['Why'];

const REASONS = ['safety', 'complaint', 'incident', 'asked'] as const satisfies readonly Why['reason'][];

export default function Replay({ shift, onClose }: { shift: Duty; onClose: () => void }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const kind = useKindTitle();
  const client = useQueryClient();
  const replay = useMutation({
    mutationFn: (why: Why) =>
      answer<Course>(
        api.POST('/shifts/{no}/replay', { params: { path: { no: shift.no } }, body: why as never }),
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: ['shifts', 'supervised'] }),
  });
  return (
    <Modal
      open
      width={960}
      getContainer={overlays}
      title={t('duty.replay.heading', {
        kind: kind(shift.kind),
        unit: shift.unit_name || shift.unit,
        time: moment(shift.started_at, language),
      })}
      footer={null}
      onCancel={onClose}
    >
      <Alert type="warning" showIcon title={t('duty.replay.recorded')} />
      {replay.data ? (
        <Player course={replay.data} />
      ) : (
        <Form<Why> layout="vertical" className="duty-why" onFinish={replay.mutate}>
          <Form.Item
            name="reason"
            label={t('duty.replay.reason')}
            rules={[{ required: true, message: t('duty.replay.reasonWanted') }]}
          >
            <Select
              getPopupContainer={overlays}
              options={REASONS.map((value) => ({ value, label: t(`duty.replay.reasons.${value}`) }))}
            />
          </Form.Item>
          <Form.Item name="note" label={t('duty.replay.note')} extra={t('duty.replay.noteHint')}>
            <Input maxLength={100} />
          </Form.Item>
          {replay.isError && <Failed cause={replay.error} />}
          <Button type="primary" htmlType="submit" loading={replay.isPending}>
            {t('duty.replay.look')}
          </Button>
        </Form>
      )}
    </Modal>
  );
}

function Player({ course }: { course: Course }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const p = usePalette();
  const { fixes, acts } = course;
  const times = useMemo(() => fixes.map(({ at }) => Date.parse(at)), [fixes]);
  const [first = 0, last = 0] = [times[0], times.at(-1)];
  const [at, setAt] = useState(first);
  const drawn = useDeferredValue(at); // the map comes after the slider
  const overlay = useCallback(
    (style: Style) => withCourse(unwashed(style), course, drawn, p),
    [course, drawn, p],
  );
  const around = useMemo(() => aroundOf(fixes), [fixes]);
  if (fixes.length === 0) return <Nothing title={t('duty.replay.none')}>{t('duty.replay.noneHint')}</Nothing>;
  const known = placeAt(fixes, at) !== null;
  const said = `${clock(at, language)}${known ? '' : ` · ${t('duty.replay.gap')}`}`;
  return (
    <div className="duty-player">
      <UnitMap
        label={t('duty.replay.map')}
        chosen={null}
        onChoose={() => undefined}
        overlay={overlay}
        around={around}
      />
      <div className="duty-slide">
        <Slide
          label={t('duty.replay.time')}
          said={said}
          max={Math.ceil((last - first) / 1000)}
          step={10}
          value={(at - first) / 1000}
          onChange={(seconds) => setAt(Math.min(last, first + seconds * 1000))}
        />
        <output className="figures">{said}</output>
      </div>
      <p className="hint">{t('duty.replay.hint')}</p>
      {acts.length > 0 && <Acts acts={acts} onAt={(time) => setAt(Math.min(last, Math.max(first, time)))} />}
    </div>
  );
}

/** Acts are what was done in the shift, in order; each leads the slider to its time. */
function Acts({ acts, onAt }: { acts: readonly Act[]; onAt: (at: number) => void }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const category = useCategoryTitle();
  const p = usePalette();
  const name = ({ what, name }: Act) => (what === 'incident' && name ? category(name) : name);
  return (
    <ol className="duty-acts" aria-label={t('duty.replay.acts')}>
      {acts.map((act) => (
        <li key={`${act.what}${act.at}${act.name}`}>
          <Swatch colour={actColour(act.what, p)} />{' '}
          <button type="button" className="board-link" onClick={() => onAt(Date.parse(act.at))}>
            <span className="figures">{clock(act.at, language)}</span> {t(`duty.replay.act.${act.what}`)}
          </button>{' '}
          {name(act)}
        </li>
      ))}
    </ol>
  );
}
