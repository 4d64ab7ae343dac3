package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"

	"wangge/geo/pg/pgembed"
)

// testdbCommand gives a whole test run one throw-away cluster.
type testdbCommand struct {
	Command []string `arg:"" passthrough:"" help:"The command to run."`
}

// Run starts the cluster, runs the command and removes the cluster again.
func (c *testdbCommand) Run(p *program) error {
	if len(c.Command) > 0 && c.Command[0] == "--" {
		c.Command = c.Command[1:]
	}
	if len(c.Command) == 0 {
		return errors.New("testdb: which command?")
	}
	server, stop, err := pgembed.Throwaway(p.ctx)
	if err != nil {
		return err
	}
	defer stop()
	cmd := exec.CommandContext(p.ctx, c.Command[0], c.Command[1:]...)
	cmd.Env = append(os.Environ(), "WANGGE_TEST_DATABASE="+server+" dbname=postgres")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, p.stdout, p.stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w", c.Command[0], err)
	}
	return nil
}
