package bench

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"wangge/geo/audit"
)

// proof measures what the chain of the log costs.
func proof() Benchmark {
	return Benchmark{
		Name:  "audit",
		About: "rows of the log linked into the chain, and verified",
		Run:   runProof,
	}
}

func runProof(ctx context.Context, lab Lab) ([]Row, error) {
	pool, err := lab.Database(ctx)
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "wangge-bench")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	key, err := audit.OpenKey(filepath.Join(folder, "audit.key"))
	if err != nil {
		return nil, err
	}
	rows := lab.Scale.Audit
	_, err = pool.Exec(ctx, `
		INSERT INTO audit (actor, action, subject, subject_id, detail)
		SELECT 'account:' || n % 40, 'look', 'household', n::text, jsonb_build_object('grid', 'G' || n % 300, 'fields', '["phone"]'::jsonb)
		FROM generate_series(1, $1::int) n`, rows)
	if err != nil {
		return nil, fmt.Errorf("rows of the log: %w", err)
	}
	m, err := newMeter(ctx, pool)
	if err != nil {
		return nil, err
	}
	sealer := audit.Sealer{DB: pool, Key: key, Heads: audit.Heads(filepath.Join(folder, "heads.jsonl")), Rows: audit.SegmentRows, Now: time.Now, Log: slog.New(slog.DiscardHandler)}
	linked, err := m.measure(func() error { return sealer.Finish(ctx) })
	if err != nil {
		return nil, err
	}
	evidence := audit.Evidence{Keys: []audit.PublicKey{key.Public()}, Heads: sealer.Heads}
	verified, err := median(lab.Scale.Light, func() (cost, error) {
		return m.measure(func() error {
			report, err := audit.Verify(ctx, pool, evidence, 0)
			if err == nil && (!report.OK() || report.Rows != int64(rows)) {
				err = fmt.Errorf("%d of %d rows verified, %d findings", report.Rows, rows, len(report.Findings))
			}
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	data := fmt.Sprintf("%d rows", rows)
	return []Row{
		inCPU("audit-link", linked, cost{}, data).note("linked and closed into segments, beside the writers; ours with PostgreSQL's share"),
		onTheWall("audit-verify", verified, cost{}, data).atMost(5).note("the whole chain with its signatures"),
	}, nil
}
