package main

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/geo/device"
	"wangge/geo/patrol"
	"wangge/geo/privacy"
	"wangge/geo/staff"
	"wangge/geo/upload"
	"wangge/geo/vault"
)

// retentionCommand deletes what is kept long enough; the service does so every
// night by itself.
type retentionCommand struct {
	Run retentionRun `cmd:"" help:"Delete now what its rule does not let be kept any longer, with a proof."`
}

type retentionRun struct {
	Spool string `type:"path" variable:"WANGGE_SPOOL" placeholder:"FOLDER" help:"Where uploaded files wait for their import, by default spool in the data folder ($$WANGGE_SPOOL)."`
	keysFlags
	databaseFlags
}

// Run works beside a running service as well as without one.
func (c *retentionRun) Run(p *program) error {
	pool, ring, closeAll, err := c.ring(p, c.databaseFlags)
	if err != nil {
		return err
	}
	defer closeAll()
	spool := c.Spool
	if spool == "" {
		spool = filepath.Join(c.Data, "spool")
	}
	result, err := privacy.Retain(p.ctx, pool, ring, staff.Local, sweeps(upload.Spool(spool)), time.Now(), 0, func(string, int64, int64) {})
	if err != nil {
		return err
	}
	for _, s := range result.Swept {
		fmt.Fprintf(p.stdout, "%-18s %d deleted\n", s.Kind, s.Deleted)
	}
	return nil
}

// sweeps are what retention can delete, with the files of a spool.
func sweeps(spool upload.Spool) map[string]privacy.Sweep {
	all := privacy.Sweeps()
	maps.Copy(all, patrol.Sweeps())
	maps.Copy(all, device.Sweeps())
	all["spool"] = func(_ context.Context, _ pgx.Tx, _ *vault.Ring, before time.Time, _ int) ([]string, error) {
		return spool.SweepBefore(before)
	}
	return all
}
