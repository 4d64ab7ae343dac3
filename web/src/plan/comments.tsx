// Comments pinned on the map: what planners say to each other and residents say to
// them; answered, closed, and, of residents, let through or not.
import { Button, Input, Segmented, Tag } from 'antd';
import { lazy, Suspense, useEffect, useId, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { LonLat, Plan } from '../api/types';
import { moment, useLanguage } from '../common/format';
import { Failed, Loading, Nothing } from '../common/states';
import { goToPlace } from '../map/camera';
import { judge, type Pinned, say, useChange, useComments, useCourse } from './queries';
import { type PlanView, SHOWS, usePlanView } from './view';
import { useWho } from './words';

const PlanMap = lazy(() => import('./map'));

/** What is being written: a comment on a place, or the answer to one. */
export type Draft = { at: LonLat; answers: number | null };

export function Comments({ plan }: { plan: Plan }) {
  const { t } = useTranslation();
  const [view, setView] = usePlanView();
  const comments = useComments(plan.id);
  const [draft, setDraft] = useState<Draft | null>(null);
  const all = comments.data ?? [];
  const shown = listed(all, view.show);
  const waiting = listed(all, 'waiting').length;
  return (
    <div className="plan-comments">
      <div className="plan-map">
        <Suspense fallback={<div className="map" />}>
          <PlanMap
            plan={plan}
            comments={shown}
            draft={draft?.at ?? null}
            onPlace={(at) => setDraft({ at, answers: null })}
          />
        </Suspense>
      </div>
      <section className="plan-side" aria-label={t('plan.tab.comments')}>
        {draft && <Say key={draft.at.join()} plan={plan} draft={draft} onDone={() => setDraft(null)} />}
        <Segmented
          aria-label={t('plan.comment.show')}
          value={view.show}
          onChange={(show) => setView({ show })}
          options={SHOWS.map((value) => ({
            value,
            label: `${t(`plan.comment.shows.${value}`)}${value === 'waiting' && waiting > 0 ? ` ${waiting}` : ''}`,
          }))}
        />
        {comments.isPending && <Loading />}
        {comments.isError && <Failed cause={comments.error} retry={() => comments.refetch()} />}
        {comments.data && shown.length === 0 && (
          <Nothing title={t('plan.comment.none')}>{t('plan.comment.noneHint')}</Nothing>
        )}
        <ul className="plan-remarks">
          {shown.map((one) => (
            <Row
              key={one.id}
              plan={plan}
              one={one}
              onAnswer={() => setDraft({ at: one.geometry.coordinates, answers: one.properties.id })}
            />
          ))}
        </ul>
      </section>
    </div>
  );
}

/** listed are the comments that a list shows. */
export const listed = (all: readonly Pinned[], show: PlanView['show']): Pinned[] =>
  all.filter(
    ({ properties: { resident, state, resolved_at } }) =>
      show === 'all' ||
      (show === 'waiting' ? resident && state === 'waiting' : resolved_at === null && state !== 'hidden'),
  );

function Say({ plan, draft, onDone }: { plan: Plan; draft: Draft; onDone: () => void }) {
  const { t } = useTranslation();
  const id = useId();
  const [body, setBody] = useState('');
  const { answers } = draft;
  const [, setView] = usePlanView();
  const send = useChange(
    () => say(plan.id, draft.at, answers === null ? body.trim() : `#${answers}: ${body.trim()}`),
    (made) => {
      setView({ comment: made.id });
      onDone();
    },
  );
  return (
    <form
      className="plan-say"
      onSubmit={(event) => {
        event.preventDefault();
        send.mutate(undefined);
      }}
    >
      <label htmlFor={id}>
        {answers === null ? t('plan.comment.at') : t('plan.comment.replyTo', { id: answers })}{' '}
        <small className="soft figures">{draft.at.map((degrees) => degrees.toFixed(5)).join(', ')}</small>
      </label>
      <Input.TextArea
        id={id}
        autoFocus
        rows={3}
        maxLength={980}
        value={body}
        onChange={(event) => setBody(event.target.value)}
      />
      <p className="hint">{t('plan.comment.bodyHint')}</p>
      {send.isError && <Failed cause={send.error} />}
      <div className="plan-buttons">
        <Button type="primary" htmlType="submit" disabled={!body.trim()} loading={send.isPending}>
          {t('plan.comment.say')}
        </Button>
        <Button onClick={onDone}>{t('common.cancel')}</Button>
      </div>
    </form>
  );
}

function Row({ plan, one, onAnswer }: { plan: Plan; one: Pinned; onAnswer: () => void }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const [view, setView] = usePlanView();
  const who = useWho(useCourse(plan).data?.people);
  const { id, body, resident, state, made_by, made_at, resolved_by, resolved_at } = one.properties;
  const change = useChange((verdict: Parameters<typeof judge>[2]) => judge(plan.id, id, verdict));
  const chosen = view.comment === id;
  const row = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (chosen) row.current?.scrollIntoView({ block: 'nearest' });
  }, [chosen]);
  const close = resolved_at !== null;
  return (
    <li ref={row} className={chosen ? 'plan-remark plan-remark-chosen' : 'plan-remark'} aria-current={chosen}>
      <p className="plan-remark-head">
        <span className="figures">#{id}</span> {who(made_by)} · {moment(made_at, language)}{' '}
        {resident && (
          <Tag color={state === 'waiting' ? 'warning' : 'default'}>{t(`plan.comment.${state}`)}</Tag>
        )}
      </p>
      <p className="plan-remark-body">{body}</p>
      {close && (
        <p className="soft">
          {t('plan.comment.resolved', { by: who(resolved_by), at: moment(resolved_at, language) })}
        </p>
      )}
      {change.isError && <Failed cause={change.error} />}
      <div className="plan-buttons">
        {resident && state !== 'shown' && (
          <Button size="small" type="primary" onClick={() => change.mutate({ state: 'shown' })}>
            {t('plan.comment.through')}
          </Button>
        )}
        {resident && state !== 'hidden' && (
          <Button size="small" onClick={() => change.mutate({ state: 'hidden' })}>
            {t('plan.comment.hide')}
          </Button>
        )}
        <Button size="small" onClick={() => change.mutate({ resolved: !close })}>
          {t(close ? 'plan.comment.reopen' : 'plan.comment.resolve')}
        </Button>
        <Button size="small" onClick={onAnswer}>
          {t('plan.comment.reply')}
        </Button>
        <Button
          size="small"
          type="text"
          onClick={() => {
            setView({ comment: id });
            goToPlace(one.geometry.coordinates);
          }}
        >
          {t('plan.comment.go')}
        </Button>
      </div>
    </li>
  );
}
