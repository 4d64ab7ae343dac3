package account

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/geo/audit"
	"wangge/geo/fault"
	"wangge/geo/lane"
	"wangge/geo/pg"
	"wangge/geo/staff"
	"wangge/geo/vault"
)

// How long a session holds.
const (
	Idle    = 12 * time.Hour      // without a request
	Longest = 30 * 24 * time.Hour // in any case
)

// ErrSession is a session that is not one's own, or has ended.
var ErrSession = fault.New(fault.NotFound, "session_unknown", "There is no such session of yours. It may have ended.")

// Proof is what a request proves who asks with: a session or a token, by its digest.
type Proof struct {
	token  bool
	digest string
}

// ProofOf is the proof in a request with this session or bearer token; false when it
// has none, or one that we never gave.
func ProofOf(session, bearer string) (Proof, bool) {
	prefix, secret := "", session
	if bearer != "" {
		prefix, secret = TokenPrefix, bearer
	}
	digest, ok := parse(prefix, secret)
	return Proof{bearer != "", string(digest)}, ok
}

// Identifier tells who asks. DB is the engine's, for it reads digests. It must not be
// copied once it has told of anybody.
type Identifier struct {
	DB pg.DB

	sessions, tokens lane.Lane[*asking]
}

// asking is a request whose proof is looked up.
type asking struct {
	proof Proof
	actor staff.Actor
	known bool
}

// Identify returns who asks: the account of the session in the cookie or of the
// bearer token, with the grants it has at this moment; a token narrows them. With
// neither it is the public. A secret that is wrong, ended or of a disabled account
// is staff.ErrSignedOut. It takes one round trip, which it shares with those who ask
// while another is under way, and writes when it was last used at most once a minute.
func (i *Identifier) Identify(ctx context.Context, session, bearer string) (staff.Actor, error) {
	if session == "" && bearer == "" {
		return staff.Public, nil
	}
	proof, ok := ProofOf(session, bearer)
	if !ok {
		return staff.Actor{}, staff.ErrSignedOut
	}
	l, a := &i.sessions, &asking{proof: proof}
	if proof.token {
		l = &i.tokens
	}
	if err := l.Join(ctx, a, lane.Work[*asking]{Fits: atOnce, Do: i.lookUp}); err != nil {
		return staff.Actor{}, err
	}
	if !a.known {
		return staff.Actor{}, staff.ErrSignedOut
	}
	return a.actor, nil
}

// atOnce has a hundred looked up together.
func atOnce() func(*asking) bool {
	n := 0
	return func(*asking) bool { n++; return n <= 100 }
}

// lookUp finds the actors of proofs, all of tokens or all of sessions.
func (i *Identifier) lookUp(ctx context.Context, batch []*asking) error {
	proofs := make([]Proof, len(batch))
	for n, a := range batch {
		proofs[n] = a.proof
	}
	found, err := identify(ctx, i.DB, proofs, batch[0].proof.token, true)
	for _, a := range batch {
		a.actor, a.known = found[a.proof]
	}
	return err
}

// Still returns those who asked before and still may, with the grants of this moment:
// what has ended is not among them. It is no use of a session or token, which end of
// disuse all the same. db is the engine's.
func Still(ctx context.Context, db pg.DB, proofs []Proof) (map[Proof]staff.Actor, error) {
	all := map[Proof]staff.Actor{}
	for _, tokens := range []bool{false, true} {
		these := slices.DeleteFunc(slices.Clone(proofs), func(p Proof) bool { return p.token != tokens })
		if len(these) == 0 {
			continue
		}
		found, err := identify(ctx, db, these, tokens, false)
		if err != nil {
			return nil, err
		}
		maps.Copy(all, found)
	}
	return all, nil
}

// Parameters are the digests and whether this is a use of them; of sessions also how
// long they hold. What another uses at this moment it marks itself: two who mark many
// would else wait for each other.
const bySession = `
	WITH found AS (
		SELECT s.id, s.digest, s.account_id, s.seen_at
		FROM session s JOIN account c ON c.id = s.account_id
		WHERE s.digest = ANY ($1) AND c.disabled_on IS NULL AND s.seen_at > now() - $3::interval AND s.made_at > now() - $4::interval),
	seen AS (
		UPDATE session SET seen_at = now() WHERE id IN (
			SELECT s.id FROM session s JOIN found f ON f.id = s.id
			WHERE $2 AND f.seen_at < now() - interval '1 minute' FOR UPDATE OF s SKIP LOCKED))
	SELECT f.digest, f.account_id, g.post_id, g.kind, coalesce(g.unit_id, 0), g.may
	FROM found f LEFT JOIN LATERAL grants_of(f.account_id) g ON true
	ORDER BY f.id, g.post_id`

// byToken takes of each grant what the token has too: of the permissions, and of
// the area, whichever of the two units lies within the other.
const byToken = `
	WITH found AS (
		SELECT t.id, t.digest, t.account_id, t.used_at, t.may, t.unit_id
		FROM api_token t JOIN account c ON c.id = t.account_id
		WHERE t.digest = ANY ($1) AND c.disabled_on IS NULL AND t.expires_at > now()),
	used AS (
		UPDATE api_token SET used_at = now() WHERE id IN (
			SELECT t.id FROM api_token t JOIN found f ON f.id = t.id
			WHERE $2 AND (f.used_at IS NULL OR f.used_at < now() - interval '1 minute') FOR UPDATE OF t SKIP LOCKED))
	SELECT f.digest, f.account_id, g.post_id, g.kind, coalesce(g.unit_id, 0), g.may
	FROM found f LEFT JOIN LATERAL (
		SELECT g.post_id, g.kind,
		       CASE WHEN f.unit_id IS NULL OR in_area(g.unit_id, false, ARRAY[f.unit_id]) THEN g.unit_id ELSE f.unit_id END AS unit_id,
		       ARRAY(SELECT m FROM unnest(g.may) WITH ORDINALITY a (m, n) WHERE m = ANY (f.may) ORDER BY n) AS may
		FROM grants_of(f.account_id) g
		WHERE f.unit_id IS NULL OR g.unit_id IS NULL
		   OR in_area(f.unit_id, false, ARRAY[g.unit_id]) OR in_area(g.unit_id, false, ARRAY[f.unit_id])) g ON true
	ORDER BY f.id, g.post_id`

// identify finds the actors of proofs, all of tokens or all of sessions. use says that
// this is a use of them.
func identify(ctx context.Context, db pg.DB, proofs []Proof, tokens, use bool) (map[Proof]staff.Actor, error) {
	digests := make([][]byte, len(proofs))
	for i, p := range proofs {
		digests[i] = []byte(p.digest)
	}
	sql, args := byToken, []any{digests, use}
	if !tokens {
		sql, args = bySession, append(args, Idle, Longest)
	}
	rows, _ := db.Query(ctx, sql, args...)
	found := map[Proof]staff.Actor{}
	var digest []byte
	var account int64
	var post *int64
	var kind *staff.Kind
	var unit int64
	var may []staff.Permission
	_, err := pgx.ForEachRow(rows, []any{&digest, &account, &post, &kind, &unit, &may}, func() error {
		proof := Proof{tokens, string(digest)}
		actor := found[proof]
		actor.Name, actor.Account, actor.Token = staff.NameOf(account), account, tokens
		if post != nil { // an account without a post has one row without a grant
			actor.Grants = append(actor.Grants, staff.Grant{Post: *post, Kind: *kind, Unit: unit, May: slices.Clone(may)})
		}
		found[proof] = actor
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("identify: %w", err)
	}
	return found, nil
}

// Session is a sign-in that still holds.
type Session struct {
	ID        int64     `json:"id"`
	Method    string    `json:"method" enum:"password,oidc"`
	Agent     string    `json:"agent" doc:"family of the browser and system"`
	MadeAt    time.Time `json:"made_at"`
	SeenAt    time.Time `json:"seen_at" doc:"to the minute"`
	ExpiresAt time.Time `json:"expires_at" doc:"unless it is used again before"`
}

// Sessions returns the sessions of an account that hold, the newest first.
func Sessions(ctx context.Context, db pg.DB, actor staff.Actor) ([]Session, error) {
	rows, _ := db.Query(ctx, `
		SELECT id, method, agent, made_at, seen_at, least(seen_at + $2::interval, made_at + $3::interval)
		FROM session
		WHERE account_id = $1 AND seen_at > now() - $2::interval AND made_at > now() - $3::interval
		ORDER BY id DESC`, actor.Account, Idle, Longest)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Session])
	if err != nil {
		return nil, fmt.Errorf("sessions: %w", err)
	}
	return list, nil
}

// EndSession ends one of actor's own sessions.
func EndSession(ctx context.Context, db pg.DB, actor staff.Actor, id int64) error {
	return pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `DELETE FROM session WHERE id = $1 AND account_id = $2`, id, actor.Account)
		if err != nil {
			return fmt.Errorf("end session %d: %w", id, err)
		}
		if tag.RowsAffected() == 0 {
			return ErrSession
		}
		return audit.Write(ctx, tx, actor, "session_ended", "account", text(actor.Account), nil)
	})
}

// EndSessions ends all of actor's own sessions but the one with the id keep.
func EndSessions(ctx context.Context, db pg.DB, actor staff.Actor, keep int64) error {
	return pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `DELETE FROM session WHERE account_id = $1 AND id <> $2`, actor.Account, keep)
		if err != nil {
			return fmt.Errorf("end sessions: %w", err)
		}
		return audit.Write(ctx, tx, actor, "sessions_ended", "account", text(actor.Account), map[string]any{"sessions": tag.RowsAffected()})
	})
}

// SignOut ends the session of this token. One that has ended already is no error.
func SignOut(ctx context.Context, db pg.DB, session string) error {
	digest, ok := parse("", session)
	if !ok {
		return nil
	}
	return pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		var id int64
		err := tx.QueryRow(ctx, `DELETE FROM session WHERE digest = $1 RETURNING account_id`, digest).Scan(&id)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("sign out: %w", err)
		}
		return audit.Write(ctx, tx, actor(id), "sign_out", "account", text(id), nil)
	})
}

// Self is what somebody who has signed in may know about themselves.
type Self struct {
	Account     int64              `json:"account"`
	Login       string             `json:"login"`
	Name        string             `json:"name" doc:"empty when none was given"`
	Phone       string             `json:"phone"`
	Demo        bool               `json:"demo"`
	TOTP        bool               `json:"totp" doc:"asks for a code as well"`
	Password    bool               `json:"password" doc:"has a password, so it can be changed"`
	Session     *Session           `json:"session,omitempty" doc:"absent when a token asks"`
	Posts       []Holding          `json:"posts"`
	Permissions []staff.Permission `json:"permissions" doc:"held somewhere; a token may have fewer than the account"`
}

// Holding is a post as its holder sees it.
type Holding struct {
	Post       int64      `json:"post"`
	Kind       staff.Kind `json:"kind"`
	TitleZh    string     `json:"title_zh"`
	TitleEn    string     `json:"title_en"`
	Rank       string     `json:"rank" enum:"A,B"`
	OnDuty     bool       `json:"on_duty" doc:"false for a B while the A is there"`
	Unit       string     `json:"unit" doc:"code; empty = the whole installation"`
	UnitName   string     `json:"unit_name"`
	Department string     `json:"department"`
}

// Who returns what actor may know about itself. session is the token of the
// cookie, or "" when a token asks.
func Who(ctx context.Context, db pg.DB, ring *vault.Ring, actor staff.Actor, session string) (Self, error) {
	self := Self{Account: actor.Account, Permissions: []staff.Permission{}}
	for _, p := range staff.Permissions {
		if actor.May(p) {
			self.Permissions = append(self.Permissions, p)
		}
	}
	err := db.QueryRow(ctx, `
		SELECT c.login, c.demo, EXISTS (SELECT FROM password p WHERE p.account_id = c.id),
		       EXISTS (SELECT FROM totp t WHERE t.account_id = c.id AND t.confirmed_at IS NOT NULL)
		FROM account c WHERE c.id = $1`, actor.Account).Scan(&self.Login, &self.Demo, &self.Password, &self.TOTP)
	if errors.Is(err, pgx.ErrNoRows) {
		return Self{}, staff.ErrSignedOut
	}
	if err != nil {
		return Self{}, fmt.Errorf("account %d: %w", actor.Account, err)
	}
	if self.Session, err = current(ctx, db, actor, session); err != nil {
		return Self{}, err
	}
	if self.Posts, err = holdings(ctx, db, actor.Account); err != nil {
		return Self{}, err
	}
	person, err := vault.Open(ctx, db, ring, subject(actor.Account))
	if err != nil {
		return Self{}, err
	}
	self.Name, self.Phone = person["name"], person["phone"]
	return self, nil
}

// current is actor's session with this token, or nil.
func current(ctx context.Context, db pg.DB, actor staff.Actor, token string) (*Session, error) {
	digest, ok := parse("", token)
	if !ok {
		return nil, nil
	}
	rows, _ := db.Query(ctx, `
		SELECT id, method, agent, made_at, seen_at, least(seen_at + $3::interval, made_at + $4::interval)
		FROM session WHERE digest = $1 AND account_id = $2`, digest, actor.Account, Idle, Longest)
	s, err := pgx.CollectExactlyOneRow(rows, pgx.RowToAddrOfStructByPos[Session])
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("session: %w", err)
	}
	return s, nil
}

// Current is the session with this token, or ErrInteractive when actor does not
// ask from one: what proves who somebody is, is changed by a person.
func Current(ctx context.Context, db pg.DB, actor staff.Actor, token string) (Session, error) {
	s, err := current(ctx, db, actor, token)
	if err == nil && s == nil {
		err = ErrInteractive
	}
	if err != nil {
		return Session{}, err
	}
	return *s, nil
}

// ErrInteractive refuses a token where only a person may act.
var ErrInteractive = fault.New(fault.Forbidden, "session_needed", "Only a person who has signed in may do this, not a program with a token.")

func holdings(ctx context.Context, db pg.DB, account int64) ([]Holding, error) {
	rows, _ := db.Query(ctx, `
		SELECT p.id, p.kind, k.title_zh, k.title_en, h.rank, g.post_id IS NOT NULL, coalesce(u.code, ''), coalesce(b.name, ''), p.department
		FROM holder h
		JOIN post p ON p.id = h.post_id
		JOIN post_kind k ON k.code = p.kind
		CROSS JOIN (SELECT (now() AT TIME ZONE 'Asia/Shanghai')::date AS day) today
		LEFT JOIN grants_of($1) g ON g.post_id = p.id
		LEFT JOIN unit u ON u.id = p.unit_id
		LEFT JOIN LATERAL (
			SELECT b.name FROM boundary b WHERE b.unit_id = u.id AND b.valid_from <= day ORDER BY b.valid_from DESC LIMIT 1) b ON true
		WHERE h.account_id = $1
		  AND h.valid_from <= day AND (h.valid_to IS NULL OR h.valid_to > day)
		  AND p.valid_from <= day AND (p.valid_to IS NULL OR p.valid_to > day)
		ORDER BY k.rank DESC, p.id`, account)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Holding])
	if err != nil {
		return nil, fmt.Errorf("posts of account %d: %w", account, err)
	}
	return list, nil
}

// Agent is the family of a browser and its system, for people to tell their
// sessions apart; versions and models are left out. It is "" for what it does not
// know.
func Agent(header string) string {
	first := func(of ...[2]string) string {
		for _, o := range of {
			if strings.Contains(header, o[0]) {
				return o[1]
			}
		}
		return ""
	}
	// Browsers call themselves by the names of older ones too: the newest comes first.
	browser := first([2]string{"MicroMessenger", "WeChat"}, [2]string{"Edg", "Edge"}, [2]string{"OPR/", "Opera"},
		[2]string{"Firefox", "Firefox"}, [2]string{"Chrome", "Chrome"}, [2]string{"Safari", "Safari"}, [2]string{"curl", "curl"})
	system := first([2]string{"HarmonyOS", "HarmonyOS"}, [2]string{"Android", "Android"}, [2]string{"iPhone", "iPhone"}, [2]string{"iPad", "iPad"},
		[2]string{"Windows", "Windows"}, [2]string{"Mac OS", "macOS"}, [2]string{"Linux", "Linux"})
	return strings.Trim(browser+", "+system, ", ")
}
