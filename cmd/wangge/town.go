package main

import (
	"fmt"
	"os"
	"time"

	"wangge/geo/town"
)

// townCommand writes the invented town as the files a real one would hand in.
type townCommand struct {
	Folder     string `arg:"" type:"path" help:"Folder to write to; it must be empty or new."`
	Households int    `default:"10000" placeholder:"N" help:"How many households; 1000000 makes a county for load tests."`
	Seed       uint64 `default:"1" help:"Chooses the town."`
	Now        string `placeholder:"DATE" help:"Last of the ninety days of incidents and patrols, as 2006-01-02; by default today."`
}

// Run writes boundaries, ledgers and tracks to try the imports with.
func (c *townCommand) Run(p *program) error {
	show := p.progress()
	now, err := c.now()
	if err != nil {
		return err
	}
	if entries, err := os.ReadDir(c.Folder); err == nil && len(entries) > 0 {
		return fmt.Errorf("town: %s is not empty", c.Folder)
	}
	show.sayf("inventing a town of %s", plural(c.Households, "household"))
	t, err := town.Generate(p.ctx, town.Options{Households: c.Households, Seed: c.Seed, Now: now})
	if err != nil {
		return err
	}
	if err := t.Files(p.ctx, c.Folder); err != nil {
		return err
	}
	show.sayf("wrote %s to %s. %s", t.Name, c.Folder, t.Notice)
	return nil
}

func (c *townCommand) now() (time.Time, error) {
	if c.Now == "" {
		return time.Now(), nil
	}
	day, err := time.Parse(time.DateOnly, c.Now)
	if err != nil {
		return time.Time{}, fmt.Errorf("--now %s: want a date such as 2026-05-04", c.Now)
	}
	return day.Add(12 * time.Hour), nil
}
