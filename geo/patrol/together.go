package patrol

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/device"
	"wangge/geo/fault"
	"wangge/geo/lane"
	"wangge/geo/pg"
	"wangge/geo/privacy"
)

// sent is what is kept of the fixes of one delivery, and what became of them.
type sent struct {
	*arrival
	items   []*fixesItem
	results []Result
	err     error
}

// fixesItem is an item of the kind fixes, and what was found out about it.
type fixesItem struct {
	id     uuid.UUID
	shift  uuid.UUID
	at     time.Time // by the clock of the phone
	digest []byte
	body   *fixesBody

	no    int64 // of the shift
	known bool
	err   error // why it is refused
}

func (s *sent) fixes() (n int) {
	for _, item := range s.items {
		n += len(item.body.Fixes)
	}
	return n
}

// How much goes together. Live fixes do not wait behind the backlogs of days: those
// have a lane of their own.
const (
	mostSent  = 512    // deliveries in one transaction
	mostFixes = 60_000 // in one, unless a single delivery has more
	backlog   = 200    // from so many fixes on a delivery is one
)

// keep has the fixes of a delivery kept, in one transaction with those of others.
func (d *Desk) keep(ctx context.Context, s *sent) error {
	l := &d.live
	if s.fixes() >= backlog {
		l = &d.backlogs
	}
	if err := l.Join(ctx, s, lane.Work[*sent]{Fits: together, Do: d.keepAll}); err != nil {
		return err
	}
	return s.err
}

// together tells which deliveries fit in one transaction: of each account one.
func together() func(*sent) bool {
	accounts, fixes := map[int64]bool{}, 0
	return func(s *sent) bool {
		n := s.fixes()
		if accounts[s.actor.Account] || len(accounts) == mostSent || len(accounts) > 0 && fixes+n > mostFixes {
			return false
		}
		accounts[s.actor.Account] = true
		fixes += n
		return true
	}
}

// keepAll keeps a batch. What the database will not have of one delivery is refused, and
// harms no other.
func (d *Desk) keepAll(ctx context.Context, batch []*sent) error {
	err := d.keepTogether(ctx, batch)
	switch {
	case err == nil || !refuses(err):
		return err
	case len(batch) > 1:
		for _, s := range batch {
			if err := d.keepAll(ctx, []*sent{s}); err != nil {
				s.err = err
			}
		}
	default:
		batch[0].results = nil
		for _, item := range batch[0].items {
			batch[0].results = append(batch[0].results, Result{ID: item.id.String(), State: Refused, Err: ErrBody.Because(err)})
		}
	}
	return nil
}

// keepTogether keeps the fixes of deliveries, of each account one, in one transaction.
// It acts as the engine: each statement names whose rows it means.
func (d *Desk) keepTogether(ctx context.Context, batch []*sent) error {
	return pgx.BeginFunc(ctx, d.Engine, func(tx pgx.Tx) error {
		batch, err := admit(ctx, tx, batch)
		if err != nil || len(batch) == 0 {
			return err
		}
		if err := learn(ctx, tx, batch...); err != nil {
			return err
		}
		if err := makeDays(ctx, d.Engine, daysOf(batch)); err != nil {
			return err
		}
		r := round{tx: tx, batch: batch, held: map[int64]runs{}}
		if err := r.lookUp(ctx); err != nil {
			return err
		}
		r.sort()
		if err := r.write(ctx); err != nil {
			return err
		}
		r.answer()
		return nil
	})
}

// admit leaves those out whose device is revoked, and tells them.
func admit(ctx context.Context, tx pgx.Tx, batch []*sent) (admitted []*sent, err error) {
	uses := make([]device.Use, len(batch))
	for i, s := range batch {
		uses[i] = device.Use{Actor: s.actor, ID: s.device, At: s.received}
	}
	revoked, err := device.AdmitAll(ctx, tx, uses)
	if err != nil {
		return nil, err
	}
	for i, s := range batch {
		if s.err = nil; revoked[i] {
			s.err = device.ErrRevoked
			continue
		}
		admitted = append(admitted, s)
	}
	return admitted, nil
}

// round is a transaction of a lane.
type round struct {
	tx    pgx.Tx
	batch []*sent
	held  map[int64]runs // sequences that are kept, by the number of their shift

	accounts []int64 // of new items
	items    []*fixesItem
	owners   []*sent
	rows     fixRows
	shifts   []int64 // that got fixes, with the first and past the last sequence of each run
	from, to []int32
}

// lookUp finds who agreed to be tracked, what came before, and the shifts, which it
// begins where they are not there yet. Deliveries of one account take turns.
func (r *round) lookUp(ctx context.Context) error {
	var accounts, owners []int64
	var ids, shifts []uuid.UUID
	byID := map[key][]*fixesItem{}
	for _, s := range r.batch {
		accounts = append(accounts, s.actor.Account)
		for _, item := range s.items {
			owners, ids, shifts = append(owners, s.actor.Account), append(ids, item.id), append(shifts, item.shift)
			k := key{s.actor.Account, item.id}
			byID[k] = append(byID[k], item)
		}
	}
	agreed, numbers := map[int64]bool{}, map[key]int64{}
	found := func(rows pgx.Rows) error {
		var owner, no int64
		var id uuid.UUID
		var from, to []int32
		_, err := pgx.ForEachRow(rows, []any{&owner, &id, &no, &from, &to}, func() error {
			numbers[key{owner, id}] = no
			r.held[no] = runsOf(from, to)
			return nil
		})
		return err
	}
	b := &pgx.Batch{}
	b.Queue(`SELECT pg_advisory_xact_lock($1, h) FROM (SELECT DISTINCT hashint8(a) h FROM unnest($2::bigint[]) a ORDER BY 1) o`, lockSpace, accounts)
	b.Queue(`SELECT subject_id FROM consent WHERE kind = 'account' AND notice = $1 AND withdrawn_at IS NULL AND subject_id = ANY ($2)`, privacy.StaffTracking, accounts).
		Query(func(rows pgx.Rows) error {
			var account int64
			_, err := pgx.ForEachRow(rows, []any{&account}, func() error { agreed[account] = true; return nil })
			return err
		})
	b.Queue(`
		SELECT d.account_id, d.id, d.digest FROM delivered d
		JOIN unnest($1::bigint[], $2::uuid[]) i (account, id) ON i.account = d.account_id AND i.id = d.id`, owners, ids).
		Query(func(rows pgx.Rows) error {
			var owner int64
			var id uuid.UUID
			var digest []byte
			_, err := pgx.ForEachRow(rows, []any{&owner, &id, &digest}, func() error {
				for _, item := range byID[key{owner, id}] {
					if item.known = bytes.Equal(digest, item.digest); !item.known {
						item.err = ErrChanged
					}
				}
				return nil
			})
			return err
		})
	const shiftsOf = `
		WITH asked AS (SELECT DISTINCT account, id FROM unnest($1::bigint[], $2::uuid[]) i (account, id))
		SELECT s.account_id, s.id, s.no, ARRAY(SELECT lower(h) FROM unnest(s.held) h), ARRAY(SELECT upper(h) FROM unnest(s.held) h)
		FROM shift s JOIN asked a ON a.account = s.account_id AND a.id = s.id ORDER BY s.no FOR UPDATE OF s`
	b.Queue(shiftsOf, owners, shifts).Query(found)
	if err := r.tx.SendBatch(ctx, b).Close(); err != nil {
		return err
	}
	for _, s := range r.batch {
		for i, item := range s.items {
			again := slices.IndexFunc(s.items[:i], func(o *fixesItem) bool { return o.id == item.id })
			switch {
			case item.known || item.err != nil:
			case again >= 0 && bytes.Equal(s.items[again].digest, item.digest):
				item.known, item.err = true, s.items[again].err
			case again >= 0:
				item.err = ErrChanged
			case !agreed[s.actor.Account]:
				item.err = ErrConsent
			}
			if item.err != nil {
				continue
			}
			if item.no = numbers[key{s.actor.Account, item.shift}]; item.no == 0 {
				if item.no, item.err = s.begin(ctx, r.tx, item.shift); item.err != nil && fault.Of(item.err) == nil {
					return item.err
				}
				numbers[key{s.actor.Account, item.shift}] = item.no
			}
		}
	}
	return nil
}

// key names what a phone named, for another account's may have the same name.
type key struct {
	account int64
	id      uuid.UUID
}

// sort takes apart what is new.
func (r *round) sort() {
	n := 0
	for _, s := range r.batch {
		n += s.fixes()
	}
	r.rows = newFixRows(n)
	for _, s := range r.batch {
		for _, item := range s.items {
			if item.known || item.err != nil {
				continue
			}
			r.items, r.owners = append(r.items, item), append(r.owners, s)
			seq := int32(item.body.First)
			for _, fresh := range r.held[item.no].without(run{seq, seq + int32(len(item.body.Fixes))}) {
				for n := fresh.from; n < fresh.to; n++ {
					f := item.body.Fixes[n-seq]
					at, day, mark := s.judge(f)
					r.rows.add(day, item.no, n, at, f, mark)
				}
				r.shifts, r.from, r.to = append(r.shifts, item.no), append(r.from, fresh.from), append(r.to, fresh.to)
			}
			r.held[item.no] = r.held[item.no].with(run{seq, seq + int32(len(item.body.Fixes))})
		}
	}
}

// write keeps what is new.
func (r *round) write(ctx context.Context) error {
	n := len(r.items)
	if n == 0 {
		return nil
	}
	owners, ids, digests, devices := make([]int64, n), make([]uuid.UUID, n), make([][]byte, n), make([]uuid.UUID, n)
	deviceAts, ats, received := make([]time.Time, n), make([]time.Time, n), make([]time.Time, n)
	for i, item := range r.items {
		s := r.owners[i]
		owners[i], ids[i], digests[i], devices[i] = s.actor.Account, item.id, item.digest, s.device
		deviceAts[i], ats[i], received[i] = item.at, s.at(item.at), s.received
	}
	b := &pgx.Batch{}
	b.Queue(`
		INSERT INTO delivered (account_id, id, kind, digest, device, device_at, at, received_at)
		SELECT account, id, 'fixes', digest, device, device_at, at, received
		FROM unnest($1::bigint[], $2::uuid[], $3::bytea[], $4::uuid[], $5::timestamptz[], $6::timestamptz[], $7::timestamptz[])
			i (account, id, digest, device, device_at, at, received)`, owners, ids, digests, devices, deviceAts, ats, received)
	b.Queue(`
		UPDATE shift s SET held = s.held + f.fresh, changed = changed + 1
		FROM (SELECT no, range_agg(int4range(f, t)) AS fresh FROM unnest($1::bigint[], $2::integer[], $3::integer[]) i (no, f, t) GROUP BY no) f
		WHERE s.no = f.no`, r.shifts, r.from, r.to)
	if err := r.tx.SendBatch(ctx, b).Close(); err != nil {
		return err
	}
	return r.rows.copy(ctx, r.tx)
}

// answer says what became of each item.
func (r *round) answer() {
	for _, s := range r.batch {
		s.results = nil
		for _, item := range s.items {
			result := Result{ID: item.id.String(), State: Stored, Err: item.err}
			switch {
			case item.err != nil:
				result.State = Refused
			case item.known:
				result.State = Known
			}
			if item.err == nil {
				upto := r.held[item.no].upto()
				result.Upto = &upto
			}
			s.results = append(s.results, result)
		}
	}
}

// daysOf are the days on which fixes will be kept.
func daysOf(batch []*sent) (days []geo.Day) {
	var last geo.Day
	for _, s := range batch {
		for _, item := range s.items {
			for _, f := range item.body.Fixes {
				if _, day, _ := s.judge(f); day != last {
					if last = day; !slices.Contains(days, day) {
						days = append(days, day)
					}
				}
			}
		}
	}
	return days
}

// learn finds out how wrong the clocks of phones are, of each account one. A delivery
// takes time on its way, so the least skew of deliveries in a row is the best; they are
// in a row while less than a quarter of an hour lies between two, and nobody has set the
// clock.
func learn(ctx context.Context, db pg.DB, batch ...*sent) error {
	n := len(batch)
	accounts, devices, skews, received := make([]int64, n), make([]uuid.UUID, n), make([]int64, n), make([]time.Time, n)
	by := make(map[int64]*sent, n)
	for i, s := range batch {
		accounts[i], devices[i], skews[i], received[i] = s.actor.Account, s.device, s.received.UnixMilli()-s.sentAt.UnixMilli(), s.received
		by[s.actor.Account] = s
	}
	rows, _ := db.Query(ctx, `
		INSERT INTO device_clock (account_id, device, skew_ms, seen_at)
		SELECT account, device, skew, received FROM unnest($1::bigint[], $2::uuid[], $3::bigint[], $4::timestamptz[]) d (account, device, skew, received)
		ORDER BY account
		ON CONFLICT (account_id, device) DO UPDATE SET seen_at = excluded.seen_at, skew_ms = CASE
			WHEN device_clock.seen_at > excluded.seen_at - interval '15 minutes' AND abs(excluded.skew_ms - device_clock.skew_ms) < 120000
			THEN least(excluded.skew_ms, device_clock.skew_ms) ELSE excluded.skew_ms END
		RETURNING account_id, skew_ms, (SELECT days FROM retention_rule WHERE kind = 'track')`, accounts, devices, skews, received)
	var account, ms int64
	var days int
	_, err := pgx.ForEachRow(rows, []any{&account, &ms, &days}, func() error {
		s := by[account]
		s.skew, s.oldest = time.Duration(ms)*time.Millisecond, s.received.AddDate(0, 0, -days)
		return nil
	})
	if err != nil {
		return fmt.Errorf("clocks of devices: %w", err)
	}
	return nil
}
