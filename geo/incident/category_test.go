package incident_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"wangge/geo/fault"
	"wangge/geo/incident"
	"wangge/geo/pg/pgtest"
	"wangge/geo/sheet"
	"wangge/geo/staff"
	"wangge/geo/vectorfile"
	"wangge/geo/worktime"
)

func table(text string) sheet.File {
	return sheet.File{Name: "categories.csv", ReaderAt: strings.NewReader(text), Size: int64(len(text))}
}

func TestATableOfCategoriesMakesAndChangesThemWithTheirLimits(t *testing.T) {
	tx := pgtest.Tx(t)
	text := "代码,大类代码,名称,安全隐患,受理时限,处置时限\n" +
		"*,,其余,,1个工作小时,3个工作日\n" + // for all that have none
		"12,,电动自行车,是,,\n" +
		"1201,12,楼道充电,是,10分钟,2小时\n" +
		"0102,01,暴露垃圾,,,1个工作小时\n" +
		"01,,市容环境,否,,\n"
	for _, dry := range []bool{true, false} {
		got, err := incident.ImportCategories(t.Context(), tx, staff.Local, table(text), dry)
		if err != nil || got.Rows != 5 || got.Added != 2 || got.Changed != 2 || got.Unchanged != 1 || got.DryRun != dry {
			t.Fatalf("dry %v: %+v, %v %+v", dry, got, err, fault.Of(err))
		}
	}
	limits, err := incident.LimitsOf(t.Context(), tx)
	if err != nil {
		t.Fatal(err)
	}
	of := func(category string, state incident.State) worktime.Limit {
		for _, l := range limits {
			if l.Category == category && l.State == state {
				return l.Limit
			}
		}
		return worktime.Limit{}
	}
	for _, tt := range []struct {
		category string
		state    incident.State
		want     worktime.Limit
	}{
		{"", incident.Reported, worktime.Limit{Amount: 1, Unit: worktime.WorkingHours}},
		{"", incident.Accepted, worktime.Limit{Amount: 4, Unit: worktime.WorkingHours}}, // no column: as it was
		{"", incident.Dispatched, worktime.Limit{Amount: 3, Unit: worktime.WorkingDays}},
		{"12", incident.Reported, worktime.Limit{}},
		{"1201", incident.Reported, worktime.Limit{Amount: 10, Unit: worktime.Minutes}},
		{"1201", incident.Dispatched, worktime.Limit{Amount: 120, Unit: worktime.Minutes}},
		{"0102", incident.Dispatched, worktime.Limit{Amount: 1, Unit: worktime.WorkingHours}},
		{"09", incident.Dispatched, worktime.Limit{Amount: 1, Unit: worktime.WorkingDays}}, // not in the table
	} {
		if got := of(tt.category, tt.state); got != tt.want {
			t.Errorf("%q %s: %v, want %v", tt.category, tt.state, got, tt.want)
		}
	}
	list, err := incident.Categories(t.Context(), tx, staff.Local)
	if err != nil || !slices.Contains(list, incident.Category{Code: "1201", Parent: "12", TitleZh: "楼道充电", TitleEn: "楼道充电", Hazard: true}) {
		t.Errorf("%+v, %v", list, err)
	}
	// A new large class is nobody's to report until somebody says so.
	if listed, err := incident.Listed(t.Context(), tx); err != nil || slices.ContainsFunc(listed, func(c incident.Category) bool { return c.Code == "1201" }) {
		t.Errorf("residents may report what nobody opened: %v", err)
	}
	// What is written is read back, and changes nothing.
	layer, err := incident.CategoryTable(t.Context(), tx)
	if err != nil {
		t.Fatal(err)
	}
	var book bytes.Buffer
	if err := vectorfile.WriteXLSX(&book, layer); err != nil {
		t.Fatal(err)
	}
	again, err := incident.ImportCategories(t.Context(), tx, staff.Local, sheet.File{Name: "c.xlsx", ReaderAt: bytes.NewReader(book.Bytes()), Size: int64(book.Len())}, false)
	if err != nil || again.Unchanged != len(list)+1 || again.Rows != again.Unchanged || len(again.Unknown) > 0 {
		t.Errorf("%+v, %v %+v", again, err, fault.Of(err))
	}
}

// A new small class is as open as its large one, in whatever order the rows are.
func TestANewSmallClassIsAsOpenAsItsLargeOne(t *testing.T) {
	tx := pgtest.Tx(t)
	text := "代码,大类代码,名称,居民可报\n1301,13,甲,\n1302,13,乙,否\n13,,丙,是\n1303,13,丁,\n1101x,11,戊,\n"
	if _, err := incident.ImportCategories(t.Context(), tx, staff.Local, table(text), false); err != nil {
		t.Fatal(err, fault.Of(err))
	}
	listed, err := incident.Listed(t.Context(), tx)
	if err != nil {
		t.Fatal(err)
	}
	for code, want := range map[string]bool{"13": true, "1301": true, "1302": false, "1303": true, "1101x": false} {
		if got := slices.ContainsFunc(listed, func(c incident.Category) bool { return c.Code == code }); got != want {
			t.Errorf("%s is open: %v, want %v", code, got, want)
		}
	}
}

func TestATableThatIsNoCategoryIsRefusedWithItsPlacesAndStoresNothing(t *testing.T) {
	tx := pgtest.Tx(t)
	before, _ := incident.Categories(t.Context(), tx, staff.Local)
	for name, tt := range map[string]struct{ text, code, place string }{
		"no code":                   {"代码,名称\n,甲\n", "category_code", "row 2, column 1 (代码)"},
		"a code of words":           {"代码,名称\n垃圾,甲\n", "category_code", "row 2, column 1 (代码)"},
		"twice":                     {"代码\n0101\n0102\n0101\n", "repeated_id", "row 4, column 1 (代码)"},
		"no title":                  {"代码\n77\n", "category_title", "row 2"},
		"a number of a person":      {"代码,名称\n77,找13812345678\n", "category_title", "row 2, column 2 (名称)"},
		"no such large class":       {"代码,大类代码,名称\n7701,77,甲\n", "parent_unknown", "row 2, column 2 (大类代码)"},
		"below a small class":       {"代码,大类代码,名称\n010101,0101,甲\n", "parent_small", "row 2, column 2 (大类代码)"},
		"below itself":              {"代码,大类代码,名称\n77,77,甲\n", "parent_small", "row 2, column 2 (大类代码)"},
		"a large class below one":   {"代码,大类代码\n01,02\n", "parent_of_large", "row 2, column 2 (大类代码)"},
		"below what holds for all":  {"代码,大类代码,名称\n77,*,甲\n", "parent_unknown", "row 2, column 2 (大类代码)"},
		"a limit of no unit":        {"代码,处置时限\n0101,3\n", "limit", "row 2, column 2 (处置时限)"},
		"a limit of ten years":      {"代码,结案时限\n0101,9999工作日\n", "limit", "row 2, column 2 (结案时限)"},
		"neither hazardous nor not": {"代码,安全隐患\n0101,大概\n", sheet.CodeBool, "row 2, column 2 (安全隐患)"},
	} {
		_, err := incident.ImportCategories(t.Context(), tx, staff.Local, table(tt.text), false)
		f := fault.Of(err)
		if !errors.Is(err, incident.ErrCategoryRows) || f.Places[0].Code != tt.code || f.Places[0].Pointer != tt.place {
			t.Errorf("%s: %v %+v, want %s at %s", name, err, f, tt.code, tt.place)
		}
	}
	if after, err := incident.Categories(t.Context(), tx, staff.Local); err != nil || !slices.Equal(before, after) {
		t.Errorf("what was refused was stored: %v", err)
	}
}

func TestATableOfDaysTakesThePlaceOfItsYears(t *testing.T) {
	tx := pgtest.Tx(t)
	first, err := incident.ImportHolidays(t.Context(), tx, staff.Local, table("日期,类型,名称\n2031-01-01,休,元旦\n2031-01-02,休,元旦\n"), false)
	if err != nil || first.Added != 2 {
		t.Fatalf("%+v, %v", first, err)
	}
	text := "日期,类型,名称\n2031-01-01,休,元旦\n2031-01-03,休,元旦\n"
	for _, dry := range []bool{true, false} {
		got, err := incident.ImportHolidays(t.Context(), tx, staff.Local, table(text), dry)
		if err != nil || got.Added != 1 || got.Unchanged != 1 || got.Removed != 1 || got.DryRun != dry {
			t.Errorf("dry %v: %+v, %v", dry, got, err)
		}
	}
	if got, err := incident.ImportHolidays(t.Context(), tx, staff.Local, table(text), false); err != nil || got.Unchanged != 2 || got.Removed != 0 {
		t.Errorf("again: %+v, %v", got, err)
	}
}

func TestOnlyWhoSettlesEverythingImportsRules(t *testing.T) {
	tx := pgtest.Tx(t)
	planner := staff.Actor{Name: "account:1", Account: 1, Grants: []staff.Grant{{Kind: staff.Planner, Unit: 1, May: []staff.Permission{staff.Setting, staff.Import}}}}
	if _, err := incident.ImportCategories(t.Context(), tx, planner, table("代码\n0101\n"), false); !errors.Is(err, staff.ErrForbidden) {
		t.Error(err)
	}
	if _, err := incident.ImportHolidays(t.Context(), tx, planner, table("日期,类型\n2031-01-01,休\n"), false); !errors.Is(err, staff.ErrForbidden) {
		t.Error(err)
	}
}
