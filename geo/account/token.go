package account

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"wangge/geo/audit"
	"wangge/geo/fault"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// Faults of tokens.
var (
	ErrTokenName   = fault.New(fault.Invalid, "token_name", "Name the token after the program that will use it, in 1 to 80 characters.")
	ErrTokenMay    = fault.New(fault.Invalid, "token_permissions", "Choose at least one permission, and none that you lack yourself.")
	ErrTokenUnit   = fault.New(fault.Invalid, "token_unit", "The unit of a token must lie in your area for every permission it gets.")
	ErrTokenExpiry = fault.New(fault.Invalid, "token_expiry", "A token must end, within a year from now.")
	ErrToken       = fault.New(fault.NotFound, "token_unknown", "There is no such token of yours.")
	ErrTokens      = fault.New(fault.Conflict, "tokens_full", "You have 50 tokens. Revoke those that nobody uses.")
)

// Limits of tokens.
const (
	LongestToken = 365 * 24 * time.Hour
	maxTokens    = 50 // of one account
)

// Token is a program's key to some of what an account may do.
type Token struct {
	ID        int64              `json:"id"`
	Name      string             `json:"name"`
	May       []staff.Permission `json:"may"`
	Unit      string             `json:"unit" doc:"code; empty = wherever the account may"`
	MadeAt    time.Time          `json:"made_at"`
	ExpiresAt time.Time          `json:"expires_at"`
	UsedAt    *time.Time         `json:"used_at,omitempty" doc:"to the minute"`
}

// TokenWish is what a token shall be.
type TokenWish struct {
	Name      string
	May       []staff.Permission
	Unit      string // code, or ""
	ExpiresAt time.Time
}

// MakeToken makes a token for actor and returns its secret, which is shown once.
// It never holds more than actor; what actor loses later, it loses too.
func MakeToken(ctx context.Context, db pg.DB, actor staff.Actor, w TokenWish) (t Token, secret string, err error) {
	w.Name = strings.TrimSpace(w.Name)
	if n := utf8.RuneCountInString(w.Name); n == 0 || n > 80 {
		return Token{}, "", ErrTokenName
	}
	w.May = slices.Compact(slices.Sorted(slices.Values(w.May)))
	if len(w.May) == 0 || slices.ContainsFunc(w.May, func(p staff.Permission) bool { return !actor.May(p) }) {
		return Token{}, "", ErrTokenMay
	}
	unit, err := tokenUnit(ctx, db, actor, w)
	if err != nil {
		return Token{}, "", err
	}
	secret, digest := newSecret(TokenPrefix)
	err = pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if err := mayHaveToken(ctx, tx, actor, w.ExpiresAt); err != nil {
			return err
		}
		t = Token{Name: w.Name, May: w.May, Unit: w.Unit, ExpiresAt: w.ExpiresAt}
		err := tx.QueryRow(ctx, `
			INSERT INTO api_token (account_id, digest, name, may, unit_id, expires_at) VALUES ($1, $2, $3, $4, $5, $6)
			RETURNING id, made_at, expires_at`, actor.Account, digest, w.Name, w.May, unit, w.ExpiresAt).Scan(&t.ID, &t.MadeAt, &t.ExpiresAt)
		if err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "token_made", "token", text(t.ID), map[string]any{"may": w.May, "unit": w.Unit, "expires_at": w.ExpiresAt})
	})
	if err != nil {
		return Token{}, "", fmt.Errorf("make a token: %w", err)
	}
	return t, secret, nil
}

// tokenUnit is the unit a token is kept to: one in which actor holds everything
// that the token gets.
func tokenUnit(ctx context.Context, db pg.DB, actor staff.Actor, w TokenWish) (*int64, error) {
	if w.Unit == "" {
		return nil, nil
	}
	var id int64
	err := db.QueryRow(ctx, `SELECT id FROM unit WHERE code = $1`, w.Unit).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, ErrTokenUnit
	}
	if err != nil {
		return nil, fmt.Errorf("unit of a token: %w", err)
	}
	for _, p := range w.May {
		if err := staff.Within(ctx, db, actor, p, id); errors.Is(err, staff.ErrOutside) {
			return nil, ErrTokenUnit
		} else if err != nil {
			return nil, err
		}
	}
	return &id, nil
}

// mayHaveToken checks what needs the account's row and the database's clock.
func mayHaveToken(ctx context.Context, tx pgx.Tx, actor staff.Actor, ends time.Time) error {
	var demo, timely bool
	var tokens int
	err := tx.QueryRow(ctx, `
		SELECT c.demo, $2 > now() AND $2 <= now() + $3::interval,
		       (SELECT count(*) FROM api_token t WHERE t.account_id = c.id AND t.expires_at > now())
		FROM account c WHERE c.id = $1 FOR UPDATE`, actor.Account, ends, LongestToken).Scan(&demo, &timely, &tokens)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return ErrInteractive
	case err != nil:
		return err
	case demo:
		return ErrDemo
	case !timely:
		return ErrTokenExpiry
	case tokens >= maxTokens:
		return ErrTokens
	}
	return nil
}

// Tokens returns actor's tokens, the newest first; those that have ended stay for
// people to see what has stopped working.
func Tokens(ctx context.Context, db pg.DB, actor staff.Actor) ([]Token, error) {
	rows, _ := db.Query(ctx, `
		SELECT t.id, t.name, t.may, coalesce(u.code, ''), t.made_at, t.expires_at, t.used_at
		FROM api_token t LEFT JOIN unit u ON u.id = t.unit_id
		WHERE t.account_id = $1
		ORDER BY t.id DESC`, actor.Account)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Token])
	if err != nil {
		return nil, fmt.Errorf("tokens: %w", err)
	}
	return list, nil
}

// RevokeToken ends one of actor's tokens.
func RevokeToken(ctx context.Context, db pg.DB, actor staff.Actor, id int64) error {
	return pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `DELETE FROM api_token WHERE id = $1 AND account_id = $2`, id, actor.Account)
		if err != nil {
			return fmt.Errorf("revoke token %d: %w", id, err)
		}
		if tag.RowsAffected() == 0 {
			return ErrToken
		}
		return audit.Write(ctx, tx, actor, "token_revoked", "token", text(id), nil)
	})
}
