package privacy

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/geo/audit"
	"wangge/geo/pg"
	"wangge/geo/staff"
	"wangge/geo/vault"
)

// Again is what a restore had to delete again.
type Again struct {
	Listed     int   // lines of the deletion list
	Deleted    int   // records that the backup had brought back
	Unreadable []int // numbers of lines that are none
}

// DeleteAgain applies the deletion list to a database that was just restored: the
// keys that the list names are destroyed again, and the consents to keep a contact
// end when they had ended. It may be repeated. A database from before this schema
// has nothing to delete.
func DeleteAgain(ctx context.Context, db pg.DB, list vault.Deletions) (again Again, err error) {
	entries, unreadable, err := list.Read()
	if err != nil {
		return again, err
	}
	again.Listed, again.Unreadable = len(entries), unreadable
	var there bool
	err = db.QueryRow(ctx, `SELECT to_regclass('public.sealed_key') IS NOT NULL`).Scan(&there)
	if err != nil || !there || len(entries) == 0 {
		return again, err
	}
	err = pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		gone, err := vault.Apply(ctx, tx, entries)
		if again.Deleted = len(gone); err != nil || len(gone) == 0 {
			return err
		}
		var households []string
		var at []time.Time
		byKind := map[string][]string{}
		for _, d := range gone {
			byKind[d.Kind] = append(byKind[d.Kind], d.ID)
			if d.Kind == "household" {
				households, at = append(households, d.ID), append(at, d.At)
			}
		}
		if _, err := tx.Exec(ctx, `
			UPDATE consent c SET withdrawn_at = d.at, withdrawn_by = 'system'
			FROM unnest($1::text[], $2::timestamptz[]) d (id, at)
			WHERE c.kind = 'household' AND c.notice = $3 AND c.withdrawn_at IS NULL
			  AND c.subject_id = sealed_number(d.id) AND c.given_at <= d.at`, households, at, HouseholdContact); err != nil {
			return err
		}
		for kind, ids := range byKind {
			if err := prove(ctx, tx, Proof{Kind: kind, Rule: "deletion list after a restore", MadeBy: staff.Local.Name}, ids); err != nil {
				return err
			}
		}
		return audit.Write(ctx, tx, staff.Local, "delete-again", "deletion", "", map[string]any{"deleted": len(gone)})
	})
	if err != nil {
		return again, fmt.Errorf("apply the deletion list: %w", err)
	}
	return again, nil
}
