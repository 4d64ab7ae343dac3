package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/term"

	"wangge/geo/account"
	"wangge/geo/account/provider"
	"wangge/geo/staff"
	"wangge/geo/vault"
)

// userCommand looks after accounts from the server itself, where nobody has to
// sign in: whoever may read the database's files may do it.
type userCommand struct {
	Add      userAdd      `cmd:"" help:"Make an account; with --administrator one that keeps the whole installation."`
	List     userList     `cmd:"" help:"List the accounts."`
	Disable  userDisable  `cmd:"" help:"Keep an account from signing in, at once."`
	Enable   userEnable   `cmd:"" help:"Let it sign in again."`
	Unlock   userUnlock   `cmd:"" help:"Forget its failed tries to sign in."`
	Password userPassword `cmd:"" help:"Set its password, and end its sessions."`
	Link     userLink     `cmd:"" help:"Print a one-time link with which its person sets a password."`
	External userExternal `cmd:"" help:"Let its person sign in with the organisation's OpenID Connect provider."`
}

// userFlags are what every one of them needs.
type userFlags struct {
	keysFlags
	databaseFlags
}

// office is an opened database with what keeping accounts needs.
type office struct {
	ctx    context.Context
	engine *pgxpool.Pool
	ring   *vault.Ring
	guard  *account.Guard
}

// with opens the database for do.
func (f userFlags) with(p *program, do func(office) error) error {
	pool, ring, closeAll, err := f.ring(p, f.databaseFlags)
	if err != nil {
		return err
	}
	defer closeAll()
	guard, err := account.NewGuard(ring)
	if err != nil {
		return err
	}
	return do(office{p.ctx, pool, ring, guard})
}

// by finds the account of a login for do.
func (f userFlags) by(p *program, login string, do func(o office, id int64) error) error {
	return f.with(p, func(o office) error {
		id, err := account.ByLogin(o.ctx, o.engine, staff.Local, login)
		if errors.Is(err, account.ErrNotFound) {
			return fmt.Errorf("there is no account %q; wangge user list shows those there are", login)
		}
		if err != nil {
			return err
		}
		return do(o, id)
	})
}

// passwordFlags say where a password comes from. It is never an argument: other
// users of the machine see those.
type passwordFlags struct {
	Generate bool `help:"Make a password and print it, instead of asking for one."`
}

// choose returns a password, and whether it was made here.
func (f passwordFlags) choose(p *program) (password string, made bool, err error) {
	if f.Generate {
		return account.Suggest(), true, nil
	}
	password, err = p.askPassword(os.Stdin)
	return password, false, err
}

// askPassword asks for a password twice without showing it; what is no terminal
// gives it as one line.
func (p *program) askPassword(in *os.File) (string, error) {
	if !term.IsTerminal(int(in.Fd())) {
		return readLine(in)
	}
	var typed [2]string
	for i, question := range []string{"Password: ", "Once more: "} {
		fmt.Fprint(p.stderr, question)
		text, err := term.ReadPassword(int(in.Fd()))
		fmt.Fprintln(p.stderr)
		if err != nil {
			return "", fmt.Errorf("read the password: %w", err)
		}
		typed[i] = string(text)
	}
	if typed[0] != typed[1] {
		return "", errors.New("the two passwords are not the same")
	}
	return typed[0], nil
}

// readLine reads a password from a pipe: one line, without its end.
func readLine(in io.Reader) (string, error) {
	line, err := bufio.NewReader(io.LimitReader(in, 4096)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read the password: %w", err)
	}
	if line = strings.TrimRight(line, "\r\n"); line == "" {
		return "", errors.New("no password on standard input; give one line, or use --generate")
	}
	return line, nil
}

type userAdd struct {
	Login         string `arg:"" help:"How the person signs in: a-z 0-9 . _ @ -"`
	Administrator bool   `help:"Give it the post of an administrator of the whole installation."`
	passwordFlags
	userFlags
}

// Run makes the account.
func (c *userAdd) Run(p *program) error {
	return c.with(p, func(o office) error {
		password, made, err := c.choose(p)
		if err != nil {
			return err
		}
		if _, err := o.guard.MakeWithPassword(o.ctx, o.engine, staff.Local, c.Login, password, c.Administrator); err != nil {
			return err
		}
		fmt.Fprintf(p.stdout, "%s can sign in.\n", strings.ToLower(c.Login))
		tell(p.stdout, password, made)
		return nil
	})
}

// tell prints a password that nobody knows yet.
func tell(w io.Writer, password string, made bool) {
	if made {
		fmt.Fprintf(w, "Password: %s\n", password)
	}
}

type userList struct{ userFlags }

// Run prints one line per account. Names of persons are for the page.
func (c *userList) Run(p *program) error {
	return c.with(p, func(o office) error {
		list, err := account.List(o.ctx, o.engine, o.ring, staff.Local, account.Filter{})
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(p.stdout, 0, 4, 2, ' ', 0)
		fmt.Fprintln(w, "LOGIN\tSTATE\tAREA\tTWO STEPS\tLAST SEEN")
		for _, a := range list {
			seen := "-"
			if a.LastSeen != nil {
				seen = a.LastSeen.Local().Format("2006-01-02 15:04")
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", a.Login, stateOf(a), orDash(a.Area), yesNo(a.TOTP), seen)
		}
		return w.Flush()
	})
}

func stateOf(a account.Account) string {
	if a.Demo {
		return string(a.State) + ", demo"
	}
	return string(a.State)
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

type userDisable struct {
	Login string `arg:""`
	userFlags
}

// Run disables the account.
func (c *userDisable) Run(p *program) error {
	return c.by(p, c.Login, func(o office, id int64) error { return account.Disable(o.ctx, o.engine, staff.Local, id) })
}

type userEnable struct {
	Login string `arg:""`
	userFlags
}

// Run enables the account.
func (c *userEnable) Run(p *program) error {
	return c.by(p, c.Login, func(o office, id int64) error { return account.Enable(o.ctx, o.engine, staff.Local, id) })
}

type userUnlock struct {
	Login string `arg:""`
	userFlags
}

// Run unlocks the account.
func (c *userUnlock) Run(p *program) error {
	return c.by(p, c.Login, func(o office, id int64) error { return o.guard.Unlock(o.ctx, o.engine, staff.Local, id) })
}

type userPassword struct {
	Login string `arg:""`
	passwordFlags
	userFlags
}

// Run sets the password.
func (c *userPassword) Run(p *program) error {
	return c.by(p, c.Login, func(o office, id int64) error {
		password, made, err := c.choose(p)
		if err != nil {
			return err
		}
		if err := o.guard.SetPassword(o.ctx, o.engine, staff.Local, id, password); err != nil {
			return err
		}
		fmt.Fprintln(p.stdout, "The password is set; all sessions have ended.")
		tell(p.stdout, password, made)
		return nil
	})
}

type userLink struct {
	Login string `arg:""`
	userFlags
}

// Run prints the link. Its secret stands behind #, which no server sees or logs.
func (c *userLink) Run(p *program) error {
	return c.by(p, c.Login, func(o office, id int64) error {
		token, until, err := account.Invite(o.ctx, o.engine, staff.Local, id)
		if err != nil {
			return err
		}
		fmt.Fprintf(p.stdout, "Until %s, once, at this server's address: /password#%s\n", until.Local().Format("2006-01-02 15:04"), token)
		return nil
	})
}

type userExternal struct {
	Login   string `arg:""`
	Issuer  string `name:"oidc-issuer" variable:"WANGGE_OIDC_ISSUER" required:"" placeholder:"URL" help:"The provider ($$WANGGE_OIDC_ISSUER)."`
	Subject string `help:"The person's id at the provider. Without it whoever has this login there is linked at the first sign-in, within 30 days."`
	userFlags
}

// Run links the account, or prepares it.
func (c *userExternal) Run(p *program) error {
	return c.by(p, c.Login, func(o office, id int64) error {
		if c.Subject != "" {
			return account.Link(o.ctx, o.engine, staff.Local, id, c.Issuer, c.Subject)
		}
		return account.Prepare(o.ctx, o.engine, staff.Local, id, c.Issuer)
	})
}

// providerFlags say where the organisation's own sign-in is.
type providerFlags struct {
	OIDCIssuer       string `name:"oidc-issuer" variable:"WANGGE_OIDC_ISSUER" placeholder:"URL" help:"OpenID Connect provider with which people may sign in ($$WANGGE_OIDC_ISSUER)."`
	OIDCClientID     string `name:"oidc-client-id" variable:"WANGGE_OIDC_CLIENT_ID" placeholder:"ID" help:"What the provider calls this program ($$WANGGE_OIDC_CLIENT_ID)."`
	OIDCClientSecret string `name:"oidc-client-secret-file" type:"path" variable:"WANGGE_OIDC_CLIENT_SECRET_FILE" placeholder:"FILE" help:"File with the secret the provider gave ($$WANGGE_OIDC_CLIENT_SECRET_FILE)."`
	OIDCName         string `name:"oidc-name" variable:"WANGGE_OIDC_NAME" placeholder:"NAME" help:"What people call it, on the sign-in page ($$WANGGE_OIDC_NAME)."`
}

// provider is the one in use; nil when none was named.
func (f providerFlags) provider() (*provider.Provider, error) {
	if f.OIDCIssuer == "" {
		return nil, nil
	}
	return provider.New(provider.Config{Issuer: f.OIDCIssuer, ClientID: f.OIDCClientID, SecretFile: f.OIDCClientSecret, Name: f.OIDCName})
}
