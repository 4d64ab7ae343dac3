// One incident: what and where, whose and why, how long there is, what can be done with
// it, and everything that was done.
import { EnvironmentOutlined, LockOutlined, WarningFilled } from '@ant-design/icons';
import { Drawer, Tag, Timeline } from 'antd';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { Facts } from '../admin/common';
import { useIncident, useUnit } from '../api/queries';
import type { LonLat } from '../api/types';
import { Copyable } from '../card/copyable';
import { moment, useLanguage, useTitle, useWords } from '../common/format';
import { overlays } from '../common/overlays';
import { Failed, Loading } from '../common/states';
import { formatPlace } from '../map/coordinates';
import { Photos } from '../photos';
import { Acts, usePostName } from './acts';
import { isOverdue, useCategoryTitle } from './card';
import {
  type Responsible,
  type Step,
  type Steps,
  useAlike,
  useReasons,
  useResponsible,
  useSteps,
} from './queries';
import { useLeftCounted, useMinute, useTimeLeft } from './time';

export function OneIncident({
  id,
  onClose,
  onOpen,
}: {
  id: string | null;
  onClose: () => void;
  onOpen: (id: string) => void;
}) {
  const { t } = useTranslation();
  return (
    <Drawer
      open={id !== null}
      onClose={onClose}
      getContainer={overlays}
      rootClassName="board-drawer"
      size={520}
      mask={false}
      title={t('board.one.title')}
      destroyOnHidden
    >
      {id !== null && <Shown key={id} id={id} onOpen={onOpen} />}
    </Drawer>
  );
}

function Shown({ id, onOpen }: { id: string; onOpen: (id: string) => void }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const category = useCategoryTitle();
  const now = useMinute();
  const found = useIncident(id);
  const steps = useSteps(id);
  const incident = found.data;
  const unit = useUnit(incident?.unit || null).data;
  if (found.isError && !incident) return <Failed cause={found.error} retry={() => found.refetch()} />;
  if (!incident) return <Loading rows={8} />;
  const { point } = incident;
  return (
    <div className="board-one">
      <h2>
        {category(incident.category)} <Tag>{t(`incidentState.${incident.state}`)}</Tag>
        {isOverdue(incident, now) && (
          <Tag color="error" icon={<WarningFilled aria-hidden="true" />}>
            {t('board.overdue')}
          </Tag>
        )}
      </h2>
      {incident.text && <p className="board-one-text">{incident.text}</p>}
      {incident.private && (
        <p className="soft">
          <LockOutlined aria-hidden="true" /> {t('board.one.private')}
        </p>
      )}
      <Due incident={incident} steps={steps.data} now={now} />
      {steps.isError && !steps.data ? (
        <Failed cause={steps.error} retry={() => steps.refetch()} />
      ) : steps.data ? (
        <Acts incident={id} steps={steps.data} />
      ) : (
        <Loading rows={2} />
      )}
      <Facts
        facts={[
          [
            t('board.one.unit'),
            incident.unit ? (
              <>
                {unit?.name} <small className="figures">{incident.unit}</small>
              </>
            ) : (
              t('board.outside')
            ),
          ],
          [
            t('board.one.place'),
            point && (
              <>
                <Copyable text={formatPlace(point as LonLat)} />{' '}
                {incident.accuracy !== null && (
                  <span className="soft">
                    {t('board.one.accuracy', { n: Math.round(incident.accuracy) })}
                  </span>
                )}{' '}
                <Link to={`/?item=incident:${id}&layers=background,incident#map=17/${point[1]}/${point[0]}`}>
                  <EnvironmentOutlined aria-hidden="true" /> {t('board.one.onMap')}
                </Link>
              </>
            ),
          ],
          [t('board.one.address'), incident.address],
          [t('board.one.department'), incident.department],
          [t('board.one.reported'), moment(incident.reported_at, language)],
          [
            t('board.one.source'),
            incident.source === 'hand' ? t('board.one.hand') : `${incident.source} · ${incident.source_id}`,
          ],
        ]}
      />
      {incident.photos_expected > 0 && <Photos incident={incident} />}
      <Whose id={id} placed={point !== null} />
      <AlikeOnes id={id} onOpen={onOpen} />
      {steps.data && <History steps={steps.data} />}
    </div>
  );
}

function Due(props: {
  incident: { due_at: string | null; closed_at: string | null };
  steps: Steps | undefined;
  now: number;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const timeLeft = useTimeLeft();
  const counted = useLeftCounted();
  const { due_at, closed_at } = props.incident;
  if (closed_at || !due_at) return null;
  const left = props.steps?.left;
  const late = Date.parse(due_at) < props.now;
  return (
    <p className={late ? 'board-due board-late' : 'board-due'}>
      {t('board.one.due')} <strong className="figures">{moment(due_at, language)}</strong> ·{' '}
      {left?.amount ? counted(left) : timeLeft(due_at, props.now)}
    </p>
  );
}

/** Whose is the responsible post, with everybody who was asked before. */
function Whose({ id, placed }: { id: string; placed: boolean }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const name = usePostName();
  const found = useResponsible(id, placed);
  if (!placed) return null;
  if (found.isError) return <Failed cause={found.error} retry={() => found.refetch()} />;
  if (!found.data) return <Loading rows={2} />;
  const { duty, at } = found.data;
  return (
    <section className="board-whose" aria-label={t('board.one.responsible')}>
      <h3>{t('board.one.responsible')}</h3>
      <p>
        <strong>{duty.post ? name(duty) : t('board.one.operator')}</strong>{' '}
        {duty.login && (
          <span className="soft">
            {duty.rank} · {duty.login}
          </span>
        )}
      </p>
      <Basis of={found.data} />
      <details>
        <summary>{t('board.one.why')}</summary>
        <p className="soft">
          {t('board.one.asked')} · {t('board.one.decidedAt', { time: moment(at, language) })}
        </p>
        <ol className="board-asked">
          {duty.steps.map((step) => (
            <li key={`${step.post}${step.unit}${step.rank}${step.state}`}>
              {language === 'en' ? step.text_en : step.text_zh}
            </li>
          ))}
        </ol>
      </details>
    </section>
  );
}

function Basis({ of }: { of: Responsible }) {
  const { t } = useTranslation();
  const charge = of.asked.find((one) => one.post === of.duty.post && one.kind === of.basis);
  return (
    <p className="soft">
      {t(`board.one.basis.${of.basis}`, {
        name: charge?.name ?? '',
        metres: Math.round(charge?.metres ?? 0),
      })}
    </p>
  );
}

function AlikeOnes({ id, onOpen }: { id: string; onOpen: (id: string) => void }) {
  const { t } = useTranslation();
  const category = useCategoryTitle();
  const found = useAlike(id);
  if (found.isError) return <Failed cause={found.error} retry={() => found.refetch()} />;
  return (
    <section aria-label={t('board.one.alike')}>
      <h3>{t('board.one.alike')}</h3>
      {!found.data ? (
        <Loading rows={1} />
      ) : found.data.length === 0 ? (
        <p className="soft">{t('board.one.noAlike')}</p>
      ) : (
        <ul className="board-alike">
          {found.data.map((one) => (
            <li key={one.id}>
              <button type="button" className="board-link" onClick={() => onOpen(one.id)}>
                {category(one.category)} · {t(`incidentState.${one.state}`)}
              </button>{' '}
              <span className="soft">
                {t('board.one.metres', { n: Math.round(one.metres) })} ·{' '}
                {t(one.same ? 'board.one.sameCategory' : 'board.one.likeCategory')}
              </span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

/** History is every step: what, by which post and account, when, and by when the next was due. */
function History({ steps }: { steps: Steps }) {
  const { t } = useTranslation();
  return (
    <section aria-label={t('board.one.steps')}>
      <h3>{t('board.one.steps')}</h3>
      {steps.items.length === 0 ? (
        <p className="soft">{t('board.one.noSteps')}</p>
      ) : (
        <Timeline
          items={[...steps.items].reverse().map((step) => ({
            key: step.id,
            content: <StepLine step={step} posts={steps.posts} />,
          }))}
        />
      )}
    </section>
  );
}

function StepLine({ step, posts }: { step: Step; posts: Steps['posts'] }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const title = useTitle();
  const counted = useWords();
  const name = usePostName();
  const reasons = useReasons().data;
  const post = (id: number | null) => {
    const found = posts.find((one) => one.post === id);
    return found ? name(found) : id === null ? '' : String(id);
  };
  const reason = reasons?.find((one) => one.code === step.reason);
  return (
    <>
      <strong>{t(`board.act.${step.act}`)}</strong>{' '}
      {step.to !== null && <span>{t('board.one.to', { post: post(step.to) })} </span>}
      {step.amount !== null && (
        <span>{t('board.one.extended', { n: step.amount, unit: counted('board.counted', step.unit) })} </span>
      )}
      {step.reason && <span>{title(reason, step.reason)}</span>}
      <br />
      <span className="soft">
        <span className="figures">{moment(step.at, language)}</span> ·{' '}
        {step.post === null ? step.actor : t('board.one.by', { post: post(step.post), actor: step.actor })}
      </span>
      {step.due_at && (
        <>
          <br />
          <small className="soft">{t('board.one.dueThen', { time: moment(step.due_at, language) })}</small>
        </>
      )}
    </>
  );
}
