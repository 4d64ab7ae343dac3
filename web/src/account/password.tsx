// Choosing a password: the rules of the server said beforehand. It asks for length
// and nothing else (NIST SP 800-63B), and knows the common ones.
import { Button, Input } from 'antd';
import { type ComponentProps, useId, useState } from 'react';
import { useTranslation } from 'react-i18next';

/** The fewest characters the server takes. */
export const SHORTEST = 10;
/** From here on a password needs no advice. */
const LONG = 16;

export type Strength = 'short' | 'obvious' | 'fair' | 'strong';

/** strength is what can be said here; whether a password is common, the server knows. */
export function strength(password: string, login = ''): Strength {
  const length = [...password].length;
  if (length < SHORTEST) return 'short';
  if (login.length >= 3 && password.toLowerCase().includes(login.toLowerCase())) return 'obvious';
  if (new Set(password).size < 5) return 'obvious';
  return length >= LONG ? 'strong' : 'fair';
}

const share: Record<Strength, number> = { short: 1, obvious: 1, fair: 2, strong: 3 };

type FieldProps = Omit<ComponentProps<typeof Input>, 'type' | 'suffix' | 'onChange'> & {
  label: string;
  value: string;
  onChange: (value: string) => void;
};

/** PasswordField is a password that can be looked at before it is sent. */
export function PasswordField({ label, onChange, id, ...rest }: FieldProps) {
  const { t } = useTranslation();
  const own = useId();
  const [seen, setSeen] = useState(false);
  return (
    <div className="form-row">
      <label htmlFor={id ?? own}>{label}</label>
      <Input
        {...rest}
        id={id ?? own}
        type={seen ? 'text' : 'password'}
        spellCheck={false}
        autoCapitalize="none"
        onChange={(event) => onChange(event.target.value)}
        suffix={
          <Button
            type="text"
            size="small"
            className="password-look"
            aria-pressed={seen}
            aria-label={t('signIn.look')}
            onClick={() => setSeen(!seen)}
          >
            {t(seen ? 'signIn.hide' : 'signIn.show')}
          </Button>
        }
      />
    </div>
  );
}

/** NewPassword is a field with what makes a good one. */
export function NewPassword(props: FieldProps & { login?: string }) {
  const { t } = useTranslation();
  const { login, ...field } = props;
  const hint = useId();
  const found = strength(props.value, login);
  const level = props.value === '' ? 0 : share[found];
  return (
    <div className="new-password">
      <PasswordField {...field} autoComplete="new-password" aria-describedby={hint} />
      <div className={`strength strength-${level}`} aria-hidden="true">
        <span />
        <span />
        <span />
      </div>
      <p className="hint" id={hint} aria-live="polite">
        {props.value === ''
          ? t('password.hint', { count: SHORTEST })
          : found === 'short'
            ? t('password.short', { count: SHORTEST - [...props.value].length })
            : t(`password.${found}`)}
      </p>
    </div>
  );
}

/** isAcceptable reports whether the server may take a password. */
export const isAcceptable = (password: string, login = '') => {
  const found = strength(password, login);
  return found === 'fair' || found === 'strong';
};
