package pg

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
)

// errTried ends a transaction that only tried.
var errTried = errors.New("only tried")

// Try does work in a transaction. When dry, what it did without an error is undone, too.
func Try(ctx context.Context, db DB, dry bool, work func(pgx.Tx) error) error {
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if err := work(tx); err != nil || !dry {
			return err
		}
		return errTried
	})
	if errors.Is(err, errTried) {
		return nil
	}
	return err
}
