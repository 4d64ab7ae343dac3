package main

import (
	"fmt"
	"os"
	"path/filepath"

	"wangge/geo/calendar"
	"wangge/geo/incident"
	"wangge/geo/staff"
)

// importHolidays brings in the calendar of a year.
type importHolidays struct {
	databaseFlags
	File string `arg:"" type:"existingfile" help:"日期, 类型 (休 or 班), 名称: CSV or XLSX."`
}

// Run takes the days of a file in place of those of their years.
func (c *importHolidays) Run(p *program) error {
	file, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	list, err := calendar.Read(filepath.Base(c.File), file, info.Size())
	if err != nil {
		return explained(err)
	}
	pool, done, err := c.migrated(p, p.progress())
	if err != nil {
		return err
	}
	defer done()
	if err := incident.SetHolidays(p.ctx, pool, staff.Local, list); err != nil {
		return explained(err)
	}
	fmt.Fprintf(p.stdout, "%d days\n", len(list))
	return nil
}
