package privacy

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/audit"
	"wangge/geo/vault"
)

// Sweeps are what can be deleted, by the kind of its rule. A package that brings a
// new kind of data, such as the tracks of patrols, adds its own to the map; the
// program adds the spool, whose folder it knows.
func Sweeps() map[string]Sweep {
	sweeps := map[string]Sweep{
		"account-contact":   contacts("account", `SELECT id::text FROM account WHERE disabled_on < $1`),
		"request-contact":   contacts("request", `SELECT id::text FROM request WHERE state = 'done' AND done_at < $1`),
		"household-contact": closedHouseholds,
		"audit":             auditSegments,
	}
	maps.Copy(sweeps, plainSweeps)
	return sweeps
}

// plainSweeps are rows with an id and a time.
var plainSweeps = map[string]Sweep{
	"session":         rows("session", "id::text", "seen_at < $1"),
	"sign-in-try":     rows("sign_in_try", "encode(key, 'hex')", "last_at < $1"),
	"one-time-link":   rows("one_time_link", "encode(digest, 'hex')", "expires_at < $1"),
	"known-device":    rows("known_device", "encode(digest, 'hex')", "used_at < $1"),
	"api-token":       rows("api_token", "id::text", "expires_at < $1"),
	"request":         rows("request", "id::text", "state = 'done' AND done_at < $1"),
	"consent":         rows("consent", "id::text", "withdrawn_at < $1"),
	"visit":           rows("visit", "id::text", "visited_at < $1"),
	"checkpoint-mark": rows("checkpoint_mark", "id::text", "marked_at < $1"),
	// A run stays as long as a search that was made on it later.
	"circle": rows("circle", "id::text", `finished_at < $1
		AND NOT EXISTS (SELECT FROM siting s WHERE s.circle_id = circle.id AND coalesce(s.finished_at, s.created_at) >= $1)`),
	"circle-unfinished":   rows("circle", "id::text", givenUp("circle")),
	"siting":              rows("siting", "id::text", "finished_at < $1"),
	"siting-unfinished":   rows("siting", "id::text", givenUp("siting")),
	"proposal":            rows("proposal", "id::text", "finished_at < $1"),
	"proposal-unfinished": rows("proposal", "id::text", givenUp("proposal")),
	"consultation-comment": rows("plan_comment", "id::text", `resident AND EXISTS (
		SELECT FROM consultation c WHERE c.plan_id = plan_comment.plan_id AND c.closes_on < $1)`),
	"border-photo": rows("border_photo", "id::text", `EXISTS (
		SELECT FROM border_answer a JOIN border_point p ON p.id = a.point_id JOIN border_walk w ON w.id = p.walk_id JOIN plan l ON l.id = w.plan_id
		WHERE a.id = border_photo.answer_id AND l.ended_at < $1)`),
	// With a photo goes what names it, so that nobody waits for it.
	"incident-photo": func(ctx context.Context, tx pgx.Tx, _ *vault.Ring, before time.Time, limit int) ([]string, error) {
		return collect(ctx, tx, `
			WITH due AS (
				SELECT l.account_id, l.photo_id FROM incident_photo l JOIN incident i ON i.id = l.incident_id WHERE i.closed_at < $1 LIMIT $2),
			named AS (DELETE FROM incident_photo l USING due WHERE l.account_id = due.account_id AND l.photo_id = due.photo_id),
			gone AS (DELETE FROM photo p USING due WHERE p.account_id = due.account_id AND p.id = due.photo_id)
			SELECT photo_id::text FROM due`, before, limit)
	},
	"photo-loose": rows("photo", "id::text", `begun_at < $1 AND (arrived_at IS NULL OR NOT EXISTS (
		SELECT FROM incident_photo l WHERE l.photo_id = photo.id AND l.account_id = photo.account_id))`),
	"webhook-delivery": rows("webhook_delivery", "id::text", "ended_at < $1"),
	"incident-receipt": rows("incident_receipt", "incident_id::text", "EXISTS (SELECT FROM incident i WHERE i.id = incident_receipt.incident_id AND i.closed_at < $1)"),
	"incident-text": func(ctx context.Context, tx pgx.Tx, _ *vault.Ring, before time.Time, limit int) ([]string, error) {
		return collect(ctx, tx, `
			UPDATE incident SET text = ''
			WHERE id IN (SELECT id FROM incident WHERE text <> '' AND closed_at < $1 ORDER BY id LIMIT $2)
			RETURNING id::text`, before, limit)
	},
	"upload-report": func(ctx context.Context, tx pgx.Tx, _ *vault.Ring, before time.Time, limit int) ([]string, error) {
		return collect(ctx, tx, `
			UPDATE upload SET report = NULL
			WHERE id IN (SELECT id FROM upload WHERE report IS NOT NULL AND created_at < $1 ORDER BY id LIMIT $2)
			RETURNING id::text`, before, limit)
	},
}

// givenUp are the rows of a table whose job ended without a result, or is gone.
func givenUp(table string) string {
	return `finished_at IS NULL AND created_at < $1
		AND NOT EXISTS (SELECT FROM job j WHERE j.id = ` + table + `.job_id AND (j.finished_at IS NULL OR j.finished_at >= $1))`
}

// rows deletes rows of a table; the names are ours, never a caller's.
func rows(table, id, which string) Sweep {
	sql := `DELETE FROM ` + table + ` WHERE ctid IN (SELECT ctid FROM ` + table + ` WHERE ` + which + ` LIMIT $2) RETURNING ` + id
	return func(ctx context.Context, tx pgx.Tx, _ *vault.Ring, before time.Time, limit int) ([]string, error) {
		return collect(ctx, tx, sql, before, limit)
	}
}

// contacts destroys the sealed fields of the records that a query names.
func contacts(kind, which string) Sweep {
	sql := `SELECT k.id FROM sealed_key k WHERE k.kind = $3 AND k.id IN (` + which + `) ORDER BY k.id LIMIT $2`
	return func(ctx context.Context, tx pgx.Tx, ring *vault.Ring, before time.Time, limit int) ([]string, error) {
		ids, err := collect(ctx, tx, sql, before, limit, kind)
		if err != nil || len(ids) == 0 {
			return nil, err
		}
		_, err = vault.DestroyMany(ctx, tx, ring, kind, ids)
		return ids, err
	}
}

// closedHouseholds destroys the contact of households that are closed, or gone
// with the demo town, and ends its consent.
func closedHouseholds(ctx context.Context, tx pgx.Tx, ring *vault.Ring, before time.Time, limit int) ([]string, error) {
	ids, err := collect(ctx, tx, `
		SELECT k.id FROM sealed_key k
		WHERE k.kind = 'household' AND NOT EXISTS (
			SELECT FROM household h WHERE h.id = sealed_number(k.id) AND (h.closed_on IS NULL OR h.closed_on > $1))
		ORDER BY k.id LIMIT $2`, geo.DayOf(before), limit)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	if _, err := tx.Exec(ctx, `
		UPDATE consent SET withdrawn_at = now(), withdrawn_by = 'system'
		WHERE kind = 'household' AND withdrawn_at IS NULL AND notice = $2 AND subject_id IN (SELECT sealed_number(x) FROM unnest($1::text[]) x)`,
		ids, HouseholdContact); err != nil {
		return nil, err
	}
	_, err = vault.DestroyMany(ctx, tx, ring, "household", ids)
	return ids, err
}

// auditSegments removes the audit in whole segments, so that the rest of its chain
// still verifies. The ids are those of the segments.
func auditSegments(ctx context.Context, tx pgx.Tx, _ *vault.Ring, before time.Time, _ int) ([]string, error) {
	dropped, err := audit.DropBefore(ctx, tx, geo.DayOf(before))
	if err != nil || dropped.Segments == 0 {
		return nil, err
	}
	return collect(ctx, tx, `SELECT id::text FROM audit_segment WHERE dropped_at = now()`)
}

func collect(ctx context.Context, tx pgx.Tx, sql string, args ...any) ([]string, error) {
	found, _ := tx.Query(ctx, sql, args...)
	ids, err := pgx.CollectRows(found, pgx.RowTo[string])
	return slices.Clip(ids), err
}
