// How the figures came about: what they mean, from which inputs they were made and
// when, by which standard, and what they cannot say.
import { Drawer } from 'antd';
import { useTranslation } from 'react-i18next';
import { Copyable } from '../card/copyable';
import { moment, useLanguage, useTitle } from '../common/format';
import { usePhone } from '../common/media';
import { overlays } from '../common/overlays';
import { MEASURES } from './measures';
import { useStandards } from './queries';
import { useShown } from './shown';
import type { Inputs, Run } from './types';
import { useColumnText, useCounted, useMeasureName, useNumbers, useStandardText } from './words';

const LIMITS = ['network', 'snap', 'hours', 'rounded', 'demand'] as const;

export function Method({ open, onClose }: { open: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  const { run } = useShown();
  const counted = useCounted();
  const name = useMeasureName();
  const phone = usePhone();
  return (
    <Drawer
      open={open}
      onClose={onClose}
      getContainer={overlays}
      title={t('circle.method.title')}
      placement={phone ? 'bottom' : 'right'}
      size={phone ? '80dvh' : 520}
    >
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and keys must reach it */}
      <section className="circle-method" tabIndex={0} aria-label={t('circle.method.title')}>
        <Question />
        <section>
          <h3>{t('circle.method.measures')}</h3>
          <dl>
            {MEASURES.map((measure) => (
              <div key={measure}>
                <dt>{name(measure)}</dt>
                <dd>{counted(`circle.definition.${measure}`)}</dd>
              </div>
            ))}
          </dl>
        </section>
        {run && <Sources run={run} />}
        <section>
          <h3>{t('circle.method.limits')}</h3>
          <ul className="circle-limits-list">
            {LIMITS.map((limit) => (
              <li key={limit}>{t(`circle.limit.${limit}`)}</li>
            ))}
          </ul>
        </section>
      </section>
    </Drawer>
  );
}

/** Question is what was asked, with the source of the standard. */
function Question() {
  const { t } = useTranslation();
  const title = useTitle();
  const { asked } = useShown();
  const text = useColumnText();
  const standard = useStandardText();
  const presets = useStandards().data ?? [];
  const preset = presets.find((one) => one.code === asked?.standard.code);
  return (
    <section>
      <h3>{t('circle.method.question')}</h3>
      {asked ? (
        <>
          <p>{text(asked)}</p>
          <p className="figures">{standard(asked.standard)}</p>
        </>
      ) : (
        <p className="soft">{t('circle.legend.noRun')}</p>
      )}
      <p>{t('circle.method.walk')}</p>
      {preset?.source && (
        <p>
          {t('circle.method.source', { name: title(preset, preset.code) })} <Source text={preset.source} />
        </p>
      )}
    </section>
  );
}

/** Source is a text with an address in it, which becomes a link. */
function Source({ text }: { text: string }) {
  const [before = '', address, after = ''] = text.split(/(https?:\/\/[^\s,;)]+)/);
  return (
    <span>
      {before}
      {address && (
        <a href={address} target="_blank" rel="noreferrer">
          {address}
        </a>
      )}
      {after}
    </span>
  );
}

function Sources({ run }: { run: Run }) {
  const { t } = useTranslation();
  const language = useLanguage();
  return (
    <section>
      <h3>{t('circle.method.inputs')}</h3>
      <dl className="facts">
        <Fact name={t('circle.method.on')} text={run.params.on ?? '–'} />
        {run.inputs && <InputFacts inputs={run.inputs} run={run} />}
        <Fact name={t('circle.method.made')} text={moment(run.finished_at, language)} />
        <div>
          <dt>{t('circle.method.digest')}</dt>
          <dd>{run.digest ? <Copyable text={run.digest} /> : '–'}</dd>
        </div>
      </dl>
      <p className="hint">{t('circle.method.digestHint')}</p>
    </section>
  );
}

function InputFacts({ inputs, run }: { inputs: Inputs; run: Run }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const numbers = useNumbers();
  const short = (digest: string) => digest.slice(0, 12);
  return (
    <>
      <Fact
        name={t('circle.method.network')}
        text={`${inputs.network_file} · ${moment(inputs.imported_at, language)}`}
        more={[inputs.attribution, short(inputs.network_sha256)]}
      />
      {inputs.demand ? (
        <Fact name={t('circle.method.demand')} text={short(inputs.demand)} />
      ) : (
        <Fact name={t('circle.method.households')} text={String(inputs.households)} />
      )}
      <Fact name={t('circle.method.points')} text={String(inputs.points)} />
      <Fact name={t('circle.method.units')} text={inputs.units} />
      <Fact
        name={t('circle.method.maxWalk')}
        text={t('circle.standard.metres', { metres: numbers(run.params.max_walk ?? 200) })}
      />
      <Fact name={t('circle.method.readAt')} text={moment(inputs.read_at, language)} />
    </>
  );
}

function Fact({ name, text, more = [] }: { name: string; text: string; more?: string[] }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd className="figures">
        {text}
        {more.filter(Boolean).map((one) => (
          <small key={one} className="soft">
            {one}
          </small>
        ))}
      </dd>
    </div>
  );
}
