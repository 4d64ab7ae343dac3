// Package calendar keeps which days are worked: the holidays and the weekends worked for
// them, as the yearly notice of the State Council sets them. Deadlines are counted by it
// (Load, for geo/worktime).
package calendar

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/audit"
	"wangge/geo/fault"
	"wangge/geo/pg"
	"wangge/geo/sheet"
	"wangge/geo/staff"
	"wangge/geo/vectorfile"
	"wangge/geo/worktime"
)

// Day is a day on which a notice changes what its weekday says.
type Day struct {
	Day     geo.Day `json:"day"`
	Working bool    `json:"working" doc:"a weekend that is worked for a holiday (调休上班); false: a day off"`
	Name    string  `json:"name" maxLength:"40" doc:"of the holiday"`
}

// Faults of the calendar.
var (
	ErrRows  = fault.New(fault.Invalid, "holiday_rows", "Some rows are no day of a calendar, so nothing was stored. Correct the places named and send the list again.")
	ErrHours = fault.New(fault.Invalid, "working_hours", "Write the working hours of a day like 09:00-12:00,13:00-18:00.")
	ErrNone  = fault.New(fault.Invalid, "holiday_none", "A calendar has between 1 and 1000 days.")
)

const most = 1000

// Fields are what Read looks for.
func Fields() []sheet.Field {
	return []sheet.Field{
		{Name: "day", Required: true, Aliases: []string{"日期", "date", "day"}},
		{Name: "kind", Required: true, Aliases: []string{"类型", "安排", "休班", "kind", "type", "is off day", "isOffDay"}},
		{Name: "name", Aliases: []string{"名称", "节日", "节假日", "name", "holiday"}, Public: true},
	}
}

// kinds are the words for days off and days worked, in lower case.
var kinds = map[string]bool{
	"休": false, "放假": false, "休息": false, "节假日": false, "holiday": false, "off": false, "true": false,
	"班": true, "上班": true, "调休": true, "调休上班": true, "工作日": true, "workday": true, "working": true, "work": true, "false": true,
}

// Read reads a table of days, CSV or XLSX: 日期, 类型 (休 or 班), 名称. The errors are
// ErrRows with every place, and those of sheet.ReadList.
func Read(f sheet.File) ([]Day, *sheet.List, error) {
	list := []Day{}
	in, err := sheet.ReadList(f, Fields(), most, func(in *sheet.List, row sheet.Row) {
		at, ok, bad := in.Date(row, "day", china)
		if in.Bad.Refused(row, bad) {
			return
		}
		working, known := kinds[strings.ToLower(in.Get(row, "kind"))]
		d := Day{Day: geo.DayOf(at), Working: working, Name: in.Get(row, "name")}
		switch why := d.fault(); {
		case !ok:
			in.Bad.Refuse(row, "day", "value_missing", "The date is missing.")
		case !known:
			in.Bad.Refuse(row, "kind", "kind_unknown", fmt.Sprintf("%.20q is neither 休 nor 班 (holiday, workday).", in.Get(row, "kind")))
		case why != "":
			in.Bad.Refuse(row, "day", "day_impossible", why)
		case in.Once(row, "day", d.Day.String()):
			list = append(list, d)
		}
	})
	if err == nil {
		err = in.Bad.Fault(ErrRows, in.Rows)
	}
	return list, in, err
}

// Table is the days as Read reads them, for a spreadsheet.
func Table(list []Day) vectorfile.Layer {
	rows := make([][]string, len(list))
	for i, d := range list {
		kind := "休"
		if d.Working {
			kind = "班"
		}
		rows[i] = []string{d.Day.String(), kind, d.Name}
	}
	return vectorfile.Table("节假日", []string{"日期", "类型", "名称"}, rows)
}

var china = time.FixedZone("Asia/Shanghai", 8*60*60)

// fault says why a day cannot be in a calendar. A day worked is a Saturday or Sunday: any
// other says nothing, and is most likely an error of one week.
func (d Day) fault() string {
	weekday := d.Day.Start().Weekday()
	switch year := d.Day.Start().In(china).Year(); {
	case year < 2000 || year > 2100:
		return "Want a year from 2000 to 2100."
	case d.Working && weekday != time.Saturday && weekday != time.Sunday:
		return fmt.Sprintf("A %s is worked anyway; 班 is for weekends.", weekday)
	case len([]rune(d.Name)) > 40:
		return "A name has at most 40 characters."
	}
	return ""
}

// Put takes the days in place of those of their years: a list is a whole year, or some.
// It holds everywhere, so actor decides on settings everywhere.
func Put(ctx context.Context, db pg.DB, actor staff.Actor, list []Day) error {
	if err := check(list); err != nil {
		return err
	}
	if err := actor.Must(staff.Setting); err != nil {
		return err
	}
	if !actor.Area(staff.Setting).All {
		return staff.ErrOutside
	}
	days, working, names := make([]geo.Day, len(list)), make([]bool, len(list)), make([]string, len(list))
	years := map[string]int{}
	for i, d := range list {
		days[i], working[i], names[i] = d.Day, d.Working, d.Name
		years[d.Day.String()[:4]]++
	}
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		// Lists take turns: of two at once the later one holds, and not some of each.
		if _, err := tx.Exec(ctx, `LOCK TABLE holiday IN SHARE ROW EXCLUSIVE MODE`); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `
			DELETE FROM holiday WHERE date_part('year', day) IN (SELECT date_part('year', d) FROM unnest($1::date[]) d)`, days)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `INSERT INTO holiday (day, working, name) SELECT * FROM unnest($1::date[], $2::boolean[], $3::text[])`, days, working, names)
		if err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "change", "holidays", "", map[string]any{"years": years})
	})
	if err != nil {
		return fmt.Errorf("holidays: %w", err)
	}
	return nil
}

func check(list []Day) error {
	if len(list) == 0 || len(list) > most {
		return ErrNone
	}
	var places []fault.Place
	seen := map[geo.Day]bool{}
	for i, d := range list {
		why := d.fault()
		if seen[d.Day] {
			why = "This day is in the list twice."
		}
		if seen[d.Day] = true; why != "" {
			places = append(places, fault.Place{Pointer: fmt.Sprintf("/days/%d/day", i), Code: "day_impossible", Detail: why})
		}
	}
	if len(places) > 0 {
		return ErrRows.With(places...)
	}
	return nil
}

// Days returns all days that are changed, in their order.
func Days(ctx context.Context, db pg.DB) ([]Day, error) {
	rows, _ := db.Query(ctx, `SELECT day, working, name FROM holiday ORDER BY day`)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Day])
	if err != nil {
		return nil, fmt.Errorf("holidays: %w", err)
	}
	return list, nil
}

// Load returns the calendar by which deadlines are counted, with the town's working hours.
func Load(ctx context.Context, db pg.DB) (worktime.Calendar, error) {
	list, err := Days(ctx, db)
	if err != nil {
		return worktime.Calendar{}, err
	}
	c := worktime.Calendar{Changed: make(map[geo.Day]bool, len(list))}
	for _, d := range list {
		c.Changed[d.Day] = d.Working
	}
	text, err := Hours(ctx, db)
	if err == nil {
		c.Hours, err = worktime.ParseHours(text)
	}
	if err != nil {
		return worktime.Calendar{}, fmt.Errorf("working hours: %w", err)
	}
	return c, nil
}

// Hours are the working hours of a day, as worktime.ParseHours reads them.
func Hours(ctx context.Context, db pg.DB) (text string, err error) {
	err = db.QueryRow(ctx, `SELECT coalesce((SELECT value #>> '{}' FROM setting WHERE key = 'working_hours'), '09:00-12:00,13:00-18:00')`).Scan(&text)
	if err != nil {
		return "", fmt.Errorf("working hours: %w", err)
	}
	return text, nil
}

// SetHours changes the working hours of every working day. It holds everywhere, so actor
// decides on settings everywhere.
func SetHours(ctx context.Context, db pg.DB, actor staff.Actor, text string) error {
	if _, err := worktime.ParseHours(text); err != nil {
		return ErrHours.Saying(err.Error())
	}
	if err := actor.Must(staff.Setting); err != nil {
		return err
	}
	if !actor.Area(staff.Setting).All {
		return staff.ErrOutside
	}
	return pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO setting (key, value) VALUES ('working_hours', to_jsonb($1::text)) ON CONFLICT (key) DO UPDATE SET value = excluded.value`, text)
		if err != nil {
			return fmt.Errorf("working hours: %w", err)
		}
		return audit.Write(ctx, tx, actor, "change", "working-hours", "", map[string]any{"hours": text})
	})
}

// Off are the days off of the calendar, for opening hours that say PH: the holidays, and not
// the weekends.
func Off(ctx context.Context, db pg.DB) (map[geo.Day]bool, error) {
	list, err := Days(ctx, db)
	off := make(map[geo.Day]bool, len(list))
	for _, d := range list {
		if !d.Working {
			off[d.Day] = true
		}
	}
	return off, err
}
