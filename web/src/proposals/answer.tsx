// A proposal: how far it is, whether the rules can be kept, where not and why, and what
// is done with it.
import { DeleteOutlined, EditOutlined, EnvironmentOutlined, RedoOutlined } from '@ant-design/icons';
import { Alert, App, Button, Segmented, Select } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate } from 'react-router';
import { asProblem } from '../api/client';
import { isActive, useJob, useLevels, useUnit } from '../api/queries';
import { count, useLanguage, useTitle } from '../common/format';
import { overlays } from '../common/overlays';
import { Failed, Loading } from '../common/states';
import { JobProgress } from '../jobs/progress';
import type { Spot } from './places';
import { useAdopt, useAsk, useRemove } from './queries';
import type { Barrier, Found, Params, Proposal } from './types';
import { useProposalsView } from './view';

export function Answer({ proposal, spots }: { proposal: Proposal; spots: readonly Spot[] }) {
  const { t } = useTranslation();
  const unit = useUnit(proposal.params.base).data;
  const name = unit?.name ?? proposal.params.base;
  return (
    <>
      <section className="block">
        <p className="proposals-back">
          <Link to="/proposals">‹ {t('proposals.all')}</Link>
        </p>
        <h2 className="proposals-name">
          {name} <small className="figures">#{proposal.id}</small>
        </h2>
        <p className="soft">
          <Words params={proposal.params} />
        </p>
        <State proposal={proposal} />
        {proposal.found && <Verdict proposal={proposal} found={proposal.found} />}
      </section>
      {proposal.found && <Choose proposal={proposal} found={proposal.found} name={name} />}
      {proposal.found && <Spots spots={spots} />}
      <Actions proposal={proposal} name={name} />
    </>
  );
}

/** Words say what was asked in a line. */
export function Words({ params }: { params: Params }) {
  const { t } = useTranslation();
  const title = useTitle();
  const level = useLevels().data?.find((one) => one.code === params.level);
  const barriers = (params.barriers ?? []).map((one) => t(`proposals.barrier.${one as Barrier}`));
  const said = [
    t(params.rebalance ? 'proposals.rebalance' : 'proposals.divide'),
    title(level, params.level ?? ''),
    params.min || params.max
      ? t('proposals.range', { min: params.min || '…', max: params.max || '…' })
      : null,
    params.units ? t('proposals.unitsAsked', { count: params.units }) : null,
    barriers.length > 0 ? t('proposals.uncrossed', { what: barriers.join(t('proposals.and')) }) : null,
    t(params.divide ? 'proposals.cut' : 'proposals.uncut'),
    params.locked?.length ? t('proposals.lockedCount', { count: params.locked.length }) : null,
    params.day,
    params.seed ? t('proposals.seedIs', { seed: params.seed }) : null,
  ];
  return said.filter(Boolean).join(' · ');
}

function State({ proposal }: { proposal: Proposal }) {
  const { t } = useTranslation();
  const job = useJob(proposal.state === 'done' || proposal.job === 0 ? null : proposal.job).data;
  if (proposal.state === 'done') return null;
  if (isActive(proposal)) return job && isActive(job) ? <JobProgress job={job} /> : <Loading rows={2} />;
  if (proposal.state === 'cancelled')
    return (
      <Alert
        type="info"
        showIcon
        title={t('proposals.cancelled')}
        description={t('proposals.askAgainHint')}
      />
    );
  return job?.problem ? (
    <Failed cause={job.problem} />
  ) : (
    <Alert type="error" showIcon title={t('proposals.failed')} description={t('proposals.askAgainHint')} />
  );
}

/** Verdict says whether the rules can be kept: yes, no for certain, or not that one knows. */
function Verdict({ proposal, found }: { proposal: Proposal; found: Found }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const navigate = useNavigate();
  const cut = useAsk((asked) => navigate(`/proposals/${asked.id}`));
  const broken = found.alternatives[0]?.broken.length ?? 0;
  const proven = found.proofs.length > 0;
  const verdict = proven ? 'proven' : broken > 0 ? 'notFound' : 'kept';
  const tooLarge = found.proofs.some(({ reason }) => reason === 'atom_too_large' || reason === 'stuck');
  return (
    <>
      <Alert
        type={proven ? 'warning' : broken > 0 ? 'warning' : 'success'}
        showIcon
        role="status"
        className="proposals-verdict"
        title={t(`proposals.verdict.${verdict}`)}
        description={
          verdict === 'kept' ? undefined : (
            <>
              <p>{t(`proposals.verdict.${verdict}Hint`, { count: broken })}</p>
              {tooLarge && !proposal.params.divide && (
                <Button
                  size="small"
                  loading={cut.isPending}
                  onClick={() => cut.mutate({ ...proposal.params, divide: true })}
                >
                  {t('proposals.cutThem')}
                </Button>
              )}
              {cut.isError && <Failed cause={cut.error} />}
            </>
          )
        }
      />
      <p className="soft figures">
        {t('proposals.madeOf', {
          households: count(found.households, language),
          atoms: count(found.atoms, language),
        })}
        {found.outside > 0 && ` ${t('proposals.outside', { count: found.outside })}`}
      </p>
    </>
  );
}

/** Choose is which alternative is shown and what beside it, and makes a draft of it. */
function Choose({ proposal, found, name }: { proposal: Proposal; found: Found; name: string }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [view, setView] = useProposalsView();
  const adopt = useAdopt((plan) => navigate(`/workshop/${plan.id}`));
  const numbers = found.alternatives.map((_, index) => index + 1);
  const alt = Math.min(view.alt, numbers.length);
  if (numbers.length === 0) return null;
  return (
    <section className="block proposals-choose" aria-label={t('proposals.chosen')}>
      {numbers.length > 1 && (
        <Segmented<number>
          block
          aria-label={t('proposals.chosen')}
          value={alt}
          onChange={(number) =>
            setView({ alt: number, at: null, ...(view.beside === number ? { beside: null } : {}) })
          }
          options={numbers.map((number) => ({ value: number, label: t('proposals.number', { number }) }))}
        />
      )}
      <Select<number | null>
        aria-label={t('proposals.beside')}
        getPopupContainer={overlays}
        allowClear
        value={view.beside}
        placeholder={t('proposals.beside')}
        onChange={(beside) => setView({ beside: beside ?? null })}
        options={[
          { value: 0, label: t('proposals.besidePresent') },
          ...numbers
            .filter((number) => number !== alt)
            .map((number) => ({ value: number, label: t('proposals.besideNumber', { number }) })),
        ]}
      />
      <Button
        type="primary"
        size="large"
        block
        icon={<EditOutlined aria-hidden="true" />}
        loading={adopt.isPending}
        onClick={() =>
          adopt.mutate({
            id: proposal.id,
            alternative: alt,
            name: t('proposals.draftName', { unit: name, id: proposal.id, number: alt }),
          })
        }
      >
        {t('proposals.adopt', { number: alt })}
      </Button>
      <p className="soft">{t('proposals.adoptHint')}</p>
      {adopt.isError && <Failed cause={adopt.error} />}
    </section>
  );
}

/** How many places the list shows at first. */
const SOME = 12;

function Spots({ spots }: { spots: readonly Spot[] }) {
  const { t } = useTranslation();
  const [view, setView] = useProposalsView();
  const [all, setAll] = useState(false);
  if (spots.length === 0) return null;
  const shown = all ? spots : spots.slice(0, Math.max(SOME, view.at ?? 0));
  return (
    <section className="block" aria-labelledby="proposals-spots">
      <h3 id="proposals-spots">{t('proposals.spots')}</h3>
      <ul className="rows proposals-spots">
        {shown.map((spot) => (
          <li key={spot.number} className={spot.number === view.at ? 'row row-chosen' : 'row'}>
            <span className="figures proposals-number">{spot.number}</span>
            <span className="proposals-said">
              <small className="soft">{t(spot.proven ? 'proposals.proven' : 'proposals.isBroken')}</small>
              {spot.text}
            </span>
            {spot.at && (
              <Button
                type="text"
                size="small"
                icon={<EnvironmentOutlined aria-hidden="true" />}
                aria-label={t('proposals.show', { number: spot.number })}
                aria-pressed={spot.number === view.at}
                onClick={() => setView({ at: spot.number === view.at ? null : spot.number })}
              />
            )}
          </li>
        ))}
      </ul>
      {shown.length < spots.length && (
        <Button size="small" onClick={() => setAll(true)}>
          {t('proposals.allSpots', { count: spots.length })}
        </Button>
      )}
    </section>
  );
}

function Actions({ proposal, name }: { proposal: Proposal; name: string }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  return (
    <section className="block proposals-actions">
      <Button
        icon={<RedoOutlined aria-hidden="true" />}
        onClick={() => navigate('/proposals', { state: { params: proposal.params } })}
      >
        {t('proposals.askAgain')}
      </Button>
      {!isActive(proposal) && (
        <RemoveButton proposal={proposal} name={name} onRemoved={() => navigate('/proposals')} />
      )}
    </section>
  );
}

export function RemoveButton(props: {
  proposal: Proposal;
  name: string;
  /** Only the picture is shown, in lists. */
  bare?: boolean;
  onRemoved?: () => void;
}) {
  const { t } = useTranslation();
  const { modal, message } = App.useApp();
  const { id } = props.proposal;
  const remove = useRemove(() => props.onRemoved?.());
  const said = t('proposals.removeTitle', { name: props.name, id });
  const ask = () =>
    modal.confirm({
      getContainer: overlays,
      title: said,
      content: t('proposals.removeHint'),
      okText: t('proposals.remove'),
      okButtonProps: { danger: true },
      cancelText: t('common.cancel'),
      onOk: () => remove.mutateAsync(id).catch((cause) => message.error(asProblem(cause).message)),
    });
  return (
    <Button
      danger
      type="text"
      icon={<DeleteOutlined aria-hidden="true" />}
      aria-label={props.bare ? said : undefined}
      onClick={ask}
    >
      {props.bare ? null : t('proposals.remove')}
    </Button>
  );
}
