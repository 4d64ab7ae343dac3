package account

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/geo/fault"
	"wangge/geo/pg"
)

// ErrTooMany asks somebody who guesses, or forgets, to wait. The error that
// carries it is a Wait.
var ErrTooMany = fault.New(fault.TooMany, "too_many_tries", "Too many tries have failed. Wait a while and try again.")

// Wait is ErrTooMany with how long.
type Wait struct {
	For time.Duration
	*fault.Fault
}

// Unwrap lets errors.Is and fault.Of find the fault.
func (w Wait) Unwrap() error { return w.Fault }

// RetryAfter is how long to wait, for the header of that name.
func (w Wait) RetryAfter() time.Duration { return w.For }

func newWait(d time.Duration) Wait {
	d = (d + time.Second - 1).Truncate(time.Second)
	return Wait{d, ErrTooMany.Saying(fmt.Sprintf("Try again in %s.", d))}
}

// limit is how many failed tries cost nothing, and how fast the others are
// forgiven. After the free ones each costs a wait of 1 s, 2 s, 4 s … up to maxWait.
type limit struct {
	free    int
	forgive time.Duration // one try is forgotten in this time
	shared  bool          // with others who guess: success does not forgive their tries
}

var (
	// perLogin bounds guesses at one account from everywhere together: 96 a day in
	// the long run (NIST SP 800-63B 5.2.2 wants no more than 100 in a row).
	perLogin = limit{free: 5, forgive: 30 * time.Minute}
	// perDevice bounds guesses in a browser that has signed in before; it takes the
	// place of the other two.
	perDevice = perLogin
	// perAddress bounds guesses from one address at all accounts. Many people may
	// share it: those who sign in cost nothing, and mistakes are forgiven soon.
	perAddress = limit{free: 30, forgive: 2 * time.Minute, shared: true}
)

// maxWait is the longest wait: nobody is locked out for good.
const maxWait = 15 * time.Minute

// forget is when tries are deleted.
const forget = 24 * time.Hour

// left is how many of the failed tries still count after a time.
func (l limit) left(failed int, since time.Duration) int {
	if since >= forget {
		return 0
	}
	return max(0, failed-int(since/l.forgive))
}

// wait is how long after the last of so many failed tries the next is heard.
func (l limit) wait(failed int) time.Duration {
	over := failed - l.free
	switch {
	case over < 0:
		return 0
	case over >= 10:
		return maxWait
	}
	return min(time.Second<<over, maxWait)
}

// count is the number after one more try. It stops where the wait does, so that a
// long attack is over soon after it ends.
func (l limit) count(failed int) int { return min(failed+1, l.free+11) }

// try is one of the counters that a try at signing in is charged to.
type try struct {
	key   []byte
	limit limit
}

// counters are those of a sign-in: the device's own where it is known, else the
// login's and the address's.
func (g *Guard) counters(login string, from netip.Addr, device []byte) []try {
	if device != nil {
		return []try{{g.keyed("device", string(device)), perDevice}}
	}
	list := []try{{g.keyed("login", login), perLogin}, {g.keyed("address", network(from)), perAddress}}
	slices.SortFunc(list, func(a, b try) int { return slices.Compare(a.key, b.key) }) // one order of locks
	return list
}

// network is what counts as one address: a subscriber of IPv6 has a whole /64.
func network(from netip.Addr) string {
	from = from.Unmap().WithZone("")
	if from.Is6() {
		if p, err := from.Prefix(64); err == nil {
			return p.String()
		}
	}
	return from.String()
}

// keyed is a hash that tells nothing without the key, which no backup of the
// database holds: an address has too few values to be hidden by a plain one.
func (g *Guard) keyed(kind, value string) []byte {
	mac := hmac.New(sha256.New, g.key)
	_, _ = mac.Write([]byte(kind + "|" + value)) // a hash takes everything
	return mac.Sum(nil)
}

// charge counts a try as failed before it is heard, so that many at once are
// still one after the other; refund takes it back. It returns a Wait when it is
// too early for another. locked reports that this try was the last free one.
func (g *Guard) charge(ctx context.Context, db pg.DB, tries []try) (locked bool, err error) {
	now := g.now()
	err = pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if err := sweep(ctx, tx, now); err != nil {
			return err
		}
		var longest time.Duration
		counts := make([]int, len(tries))
		for i, t := range tries {
			var failed int
			var last time.Time
			err := tx.QueryRow(ctx, `
				INSERT INTO sign_in_try (key, failed, last_at) VALUES ($1, 0, $2)
				ON CONFLICT (key) DO UPDATE SET failed = sign_in_try.failed
				RETURNING failed, last_at`, t.key, now).Scan(&failed, &last)
			if err != nil {
				return err
			}
			failed = t.limit.left(failed, now.Sub(last))
			longest = max(longest, t.limit.wait(failed)-now.Sub(last))
			counts[i] = t.limit.count(failed)
			locked = locked || counts[i] == t.limit.free
		}
		if longest > 0 {
			return newWait(longest)
		}
		for i, t := range tries {
			if _, err := tx.Exec(ctx, `UPDATE sign_in_try SET failed = $2, last_at = $3 WHERE key = $1`, t.key, counts[i], now); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil && !errors.Is(err, ErrTooMany) {
		err = fmt.Errorf("count a try: %w", err)
	}
	return locked, err
}

// sweep deletes what is forgotten.
func sweep(ctx context.Context, db pg.DB, now time.Time) error {
	_, err := db.Exec(ctx, `
		DELETE FROM sign_in_try WHERE key IN (
			SELECT key FROM sign_in_try WHERE last_at < $1 LIMIT 100 FOR UPDATE SKIP LOCKED)`, now.Add(-forget))
	return err
}

// refund takes a try back: it turned out not to be a guess.
func (g *Guard) refund(ctx context.Context, db pg.DB, tries []try) error {
	for _, t := range tries {
		if _, err := db.Exec(ctx, `UPDATE sign_in_try SET failed = greatest(failed - 1, 0) WHERE key = $1`, t.key); err != nil {
			return fmt.Errorf("take back a try: %w", err)
		}
	}
	return nil
}

// forgive forgets the tries at an account: its person has come.
func (g *Guard) forgive(ctx context.Context, db pg.DB, tries []try) error {
	for _, t := range tries {
		sql := `DELETE FROM sign_in_try WHERE key = $1`
		if t.limit.shared {
			sql = `UPDATE sign_in_try SET failed = greatest(failed - 1, 0) WHERE key = $1`
		}
		if _, err := db.Exec(ctx, sql, t.key); err != nil {
			return fmt.Errorf("forget tries: %w", err)
		}
	}
	return nil
}
