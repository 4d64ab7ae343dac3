// What can be done with an incident now: a button for each act, and below it what the
// act asks for. What the server refuses is said there.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { App, Button, Form, Input, InputNumber, Select } from 'antd';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { asProblem } from '../api/client';
import { useTitle } from '../common/format';
import { overlays } from '../common/overlays';
import { Failed, Loading } from '../common/states';
import { newKey } from '../common/uuid';
import { parsePlace } from '../map/coordinates';
import {
  type Act,
  type Choice,
  type NewStep,
  type Steps,
  take,
  touched,
  useChoices,
  useReasons,
} from './queries';

/** The act that usually comes next, and stands out. */
const NEXT: readonly Act[] = ['accept', 'dispatch', 'handle', 'verify', 'resume'];
const UNITS = ['minutes', 'working-hours', 'working-days'] as const;

type Doable = NewStep['act'];

export function Acts({ incident, steps }: { incident: string; steps: Steps }) {
  const { t } = useTranslation();
  const [act, setAct] = useState<Doable | null>(null);
  const may = steps.may as Doable[];
  const open = act && may.includes(act) ? act : null;
  const another = steps.acts.includes('verify') && !may.includes('verify') && may.length === 0;
  return (
    <section className="board-acts" aria-label={t('board.one.acts')}>
      <h3>{t('board.one.acts')}</h3>
      {may.length === 0 && <p className="soft">{t(another ? 'board.one.another' : 'board.one.noActs')}</p>}
      <div className="board-act-buttons">
        {[...may]
          .sort((a, b) => Number(NEXT.includes(b)) - Number(NEXT.includes(a)))
          .map((one) => (
            <Button
              key={one}
              type={NEXT.includes(one) ? 'primary' : 'default'}
              ghost={open !== null && open !== one && NEXT.includes(one)}
              aria-expanded={open === one}
              onClick={() => setAct(open === one ? null : one)}
            >
              {t(`board.act.${one}`)}
            </Button>
          ))}
      </div>
      {open && (
        <ActForm key={open} incident={incident} act={open} from={steps.state} onDone={() => setAct(null)} />
      )}
    </section>
  );
}

type Values = {
  reason?: string;
  post?: number;
  amount?: number;
  unit?: (typeof UNITS)[number];
  point?: string;
};

/** ActForm asks for what an act needs. Sent again after a lost answer it is the same step. */
function ActForm(props: { incident: string; act: Doable; from: Steps['state']; onDone: () => void }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const { message } = App.useApp();
  const { act, incident } = props;
  const id = useRef(newKey());
  const [form] = Form.useForm<Values>();
  const send = useMutation({
    mutationFn: ({ point, ...values }: Values) =>
      take(incident, {
        ...values,
        id: id.current,
        act,
        from: props.from,
        point: (point && parsePlace(point)) || undefined,
      }),
    onSuccess: () => {
      message.success(t('board.doing.done', { act: t(`board.act.${act}`) }));
      touched(client, incident);
      props.onDone();
    },
    onError: (cause) => {
      id.current = newKey(); // what was refused was not taken
      if (asProblem(cause).code === 'incident_stale') touched(client, incident);
    },
  });
  const required = [{ required: true, message: t('common.required') }];
  return (
    <Form<Values>
      className="board-act"
      form={form}
      layout="vertical"
      requiredMark="optional"
      initialValues={{ unit: 'working-days' }}
      onFinish={(values) => send.mutate(values)}
    >
      {REASONED.includes(act) && <ReasonItem act={act} />}
      {act === 'move' && (
        <Form.Item
          name="point"
          label={t('board.doing.point')}
          extra={t('board.doing.pointHint')}
          rules={[
            ...required,
            {
              validator: async (_, text: string) => {
                if (text && !parsePlace(text)) throw new Error(t('board.doing.pointWrong'));
              },
            },
          ]}
        >
          <Input inputMode="text" autoComplete="off" />
        </Form.Item>
      )}
      {act === 'dispatch' && <PostItem incident={incident} />}
      {act === 'extend' && (
        <div className="board-act-pair">
          <Form.Item name="amount" label={t('board.doing.amount')} rules={required}>
            <InputNumber min={1} max={10_000} precision={0} />
          </Form.Item>
          <Form.Item name="unit" label={t('board.doing.amountUnit')} rules={required}>
            <Select
              getPopupContainer={overlays}
              options={UNITS.map((value) => ({ value, label: t(`board.counted.${value}`) }))}
            />
          </Form.Item>
        </div>
      )}
      {send.isError && (
        <>
          {asProblem(send.error).code === 'incident_stale' && <p role="alert">{t('board.doing.stale')}</p>}
          <Failed cause={send.error} />
        </>
      )}
      <Button type="primary" htmlType="submit" loading={send.isPending}>
        {t('board.doing.send', { act: t(`board.act.${act}`) })}
      </Button>
    </Form>
  );
}

/** The acts that are taken for a reason. */
const REASONED: readonly Act[] = ['return', 'reject', 'close', 'reopen', 'hold', 'resume', 'extend'];

function ReasonItem({ act }: { act: Doable }) {
  const { t } = useTranslation();
  const title = useTitle();
  const reasons = useReasons();
  if (reasons.isError) return <Failed cause={reasons.error} retry={() => reasons.refetch()} />;
  return (
    <Form.Item
      name="reason"
      label={t('board.doing.reason')}
      rules={[{ required: true, message: t('common.required') }]}
    >
      <Select
        getPopupContainer={overlays}
        loading={reasons.isPending}
        placeholder={t('board.doing.chooseReason')}
        options={(reasons.data ?? [])
          .filter((one) => one.acts.includes(act))
          .map((one) => ({ value: one.code, label: title(one, one.code) }))}
      />
    </Form.Item>
  );
}

/** PostItem lists the posts that an incident can be given to, each with why, and whether somebody is there. */
function PostItem({ incident }: { incident: string }) {
  const { t } = useTranslation();
  const choices = useChoices(incident);
  const name = usePostName();
  if (choices.isError) return <Failed cause={choices.error} retry={() => choices.refetch()} />;
  if (!choices.data) return <Loading rows={2} />;
  return (
    <Form.Item name="post" label={t('board.doing.post')} extra={t('board.doing.stays')}>
      <Select
        getPopupContainer={overlays}
        allowClear
        placeholder={t('board.doing.choosePost')}
        listItemHeight={64}
        showSearch={{ optionFilterProp: 'label' }}
        options={choices.data.map((one) => ({ value: one.post, label: name(one), choice: one }))}
        optionRender={({ data }) => <ChoiceLine choice={data.choice} />}
      />
    </Form.Item>
  );
}

/** usePostName names a post with its unit. */
export function usePostName(): (
  post: Pick<Choice, 'title_zh' | 'title_en' | 'kind' | 'unit' | 'unit_name'>,
) => string {
  const title = useTitle();
  return (post) => [post.unit_name || post.unit, title(post, post.kind)].filter(Boolean).join(' · ');
}

function ChoiceLine({ choice }: { choice: Choice }) {
  const { t } = useTranslation();
  const name = usePostName();
  const { name: thing, metres } = choice;
  return (
    <span className="board-choice">
      <span>
        {name(choice)} {choice.holds && <span className="soft">({t('board.doing.holds')})</span>}
      </span>
      <small className="soft">
        {t(`board.one.basis.${choice.basis}`, { name: thing, metres: Math.round(metres ?? 0) })} ·{' '}
        {t(choice.present ? 'board.doing.present' : 'board.doing.away')}
      </small>
    </span>
  );
}
