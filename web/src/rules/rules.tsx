// The sets of local rules by which drafts are judged: those of the five cases, and a
// town's own. A built-in one is copied and the copy changed.
import './rules.css';
import { CopyOutlined, PlusOutlined } from '@ant-design/icons';
import { Button, Input, Modal, Tag } from 'antd';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate, useParams } from 'react-router';
import { moment, useLanguage, useTitle } from '../common/format';
import { overlays } from '../common/overlays';
import { Failed, Loading, Nothing } from '../common/states';
import { Shell } from '../page/shell';
import { Editor } from './editor';
import { add, copy, type RuleSet, remove, useRuleSet, useRuleSets, useSetChange, useUsers } from './queries';

export default function RulesPage() {
  const { t } = useTranslation();
  const id = Number(useParams().set);
  return (
    <Shell title={t('rules.title')} lead={t('rules.lead')} wide>
      {Number.isSafeInteger(id) && id > 0 ? <One key={id} id={id} /> : <Sets />}
    </Shell>
  );
}

function Sets() {
  const { t } = useTranslation();
  const sets = useRuleSets();
  const [making, setMaking] = useState(false);
  const [from, setFrom] = useState<RuleSet | null>(null);
  if (sets.isPending) return <Loading rows={6} />;
  if (sets.isError) return <Failed cause={sets.error} retry={() => sets.refetch()} />;
  return (
    <>
      <div className="rules-begin">
        <Button type="primary" icon={<PlusOutlined aria-hidden="true" />} onClick={() => setMaking(true)}>
          {t('rules.add')}
        </Button>
        <Link to="/workshop">{t('workshop.title')}</Link>
      </div>
      {sets.data.length === 0 && <Nothing title={t('rules.none')} />}
      <ul className="rows rules-sets">
        {sets.data.map((set) => (
          <SetRow key={set.id} set={set} onCopy={() => setFrom(set)} />
        ))}
      </ul>
      {(making || from) && (
        <Titles
          from={from}
          onClose={() => {
            setMaking(false);
            setFrom(null);
          }}
        />
      )}
    </>
  );
}

function SetRow({ set, onCopy }: { set: RuleSet; onCopy: () => void }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const title = useTitle()(set);
  const more = [
    t('rules.count', { count: set.rules.length }),
    ...(set.builtin ? [] : [moment(set.updated_at, language)]),
  ];
  return (
    <li className="row">
      <span className="unit-link">
        <Link to={`/rules/${set.id}`}>{title}</Link>
        <small className="soft">{more.join(' · ')}</small>
      </span>
      <Kind set={set} />
      <Button
        size="small"
        icon={<CopyOutlined aria-hidden="true" />}
        aria-label={t('rules.copyOf', { title })}
        onClick={onCopy}
      >
        {t('rules.copy')}
      </Button>
    </li>
  );
}

/** Kind says whether a set can change. */
function Kind({ set }: { set: RuleSet }) {
  const { t } = useTranslation();
  if (set.builtin) return <Tag>{t('rules.builtin')}</Tag>;
  if (set.sealed) return <Tag>{t('rules.sealed')}</Tag>;
  return set.editable ? <Tag color="processing">{t('rules.own')}</Tag> : <Tag>{t('rules.others')}</Tag>;
}

/** Titles names a new set, or a copy of one. */
function Titles({ from, onClose }: { from: RuleSet | null; onClose: () => void }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const id = useId();
  const [zh, setZh] = useState(from ? `${from.title_zh} 副本` : '');
  const [en, setEn] = useState(from ? `Copy of ${from.title_en}` : '');
  const make = useSetChange(
    () => {
      const titles = { title_zh: zh.trim(), title_en: en.trim() };
      return from ? copy(from.id, titles) : add(titles);
    },
    (set) => navigate(`/rules/${set.id}`),
  );
  return (
    <Modal
      getContainer={overlays}
      open
      title={t(from ? 'rules.copy' : 'rules.add')}
      okText={t(from ? 'rules.copy' : 'rules.add')}
      cancelText={t('common.cancel')}
      okButtonProps={{ disabled: !zh.trim() || !en.trim(), loading: make.isPending }}
      onOk={() => make.mutate(undefined)}
      onCancel={onClose}
    >
      <p className="soft">{t('rules.copyHint')}</p>
      <div className="form-row">
        <label htmlFor={`${id}z`}>{t('rules.titleZh')}</label>
        <Input id={`${id}z`} maxLength={100} value={zh} onChange={(event) => setZh(event.target.value)} />
      </div>
      <div className="form-row">
        <label htmlFor={`${id}e`}>{t('rules.titleEn')}</label>
        <Input id={`${id}e`} maxLength={100} value={en} onChange={(event) => setEn(event.target.value)} />
      </div>
      {make.isError && <Failed cause={make.error} />}
    </Modal>
  );
}

function One({ id }: { id: number }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const titleOf = useTitle();
  const set = useRuleSet(id);
  const [copying, setCopying] = useState(false);
  if (set.isPending) return <Loading rows={6} />;
  if (set.isError) {
    return (
      <>
        <Failed cause={set.error} retry={() => set.refetch()} />
        <Link to="/rules">{t('rules.all')}</Link>
      </>
    );
  }
  const { data } = set;
  return (
    <>
      <div className="rules-begin">
        <Link to="/rules">{t('rules.all')}</Link>
        <h2>{titleOf(data)}</h2>
        <Kind set={data} />
        <Button icon={<CopyOutlined aria-hidden="true" />} onClick={() => setCopying(true)}>
          {t('rules.copy')}
        </Button>
        {data.editable && <Remove id={id} />}
      </div>
      {!data.editable && (
        <p className="soft">
          {t(data.builtin ? 'rules.builtinHint' : data.sealed ? 'rules.sealedHint' : 'rules.othersHint')}
        </p>
      )}
      {data.editable ? (
        <Editor key={data.updated_at} set={data} />
      ) : (
        <ol className="rules-list">
          {data.rules.map((rule) => (
            <li key={rule.id} className="rules-rule">
              <span className={rule.hard ? 'severity severity-hard' : 'severity severity-soft'}>
                {t(rule.hard ? 'workshop.hard' : 'workshop.soft')}
              </span>
              <span>
                <strong>{t(`rules.kind.${rule.kind}`)}</strong> {rule[language]}
                {rule.source && <small className="soft"> {rule.source}</small>}
                {rule.hard && rule.waivable && <small className="soft"> {t('rules.waivable')}</small>}
              </span>
            </li>
          ))}
        </ol>
      )}
      <Users id={id} />
      {copying && <Titles from={data} onClose={() => setCopying(false)} />}
    </>
  );
}

function Remove({ id }: { id: number }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [sure, setSure] = useState(false);
  const change = useSetChange(
    () => remove(id),
    () => navigate('/rules'),
  );
  return (
    <>
      {sure ? (
        <Button danger loading={change.isPending} onClick={() => change.mutate(undefined)}>
          {t('rules.removeSure')}
        </Button>
      ) : (
        <Button onClick={() => setSure(true)}>{t('rules.remove')}</Button>
      )}
      {change.isError && <Failed cause={change.error} />}
    </>
  );
}

/** Users are the plans that are drawn by a set. */
function Users({ id }: { id: number }) {
  const { t } = useTranslation();
  const users = useUsers(id);
  return (
    <section className="rules-users" aria-label={t('rules.users')}>
      <h2>{t('rules.users')}</h2>
      {users.isPending && <Loading rows={2} />}
      {users.isError && <Failed cause={users.error} retry={() => users.refetch()} />}
      {users.data?.length === 0 && <p className="soft">{t('rules.noUsers')}</p>}
      <ul className="rows">
        {users.data?.map((plan) => (
          <li className="row" key={plan.id}>
            <span className="unit-link">
              <Link to={plan.state === 'draft' ? `/workshop/${plan.id}?tab=findings` : `/plans/${plan.id}`}>
                {plan.name}
              </Link>
              {!plan.own && <small className="soft">{t('rules.byHierarchy')}</small>}
            </span>
            <Tag>{t(`planState.${plan.state}`)}</Tag>
          </li>
        ))}
      </ul>
    </section>
  );
}
