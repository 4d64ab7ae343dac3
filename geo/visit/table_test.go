package visit_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"wangge/geo/fault"
	"wangge/geo/pg/pgtest"
	"wangge/geo/sheet"
	"wangge/geo/staff"
	"wangge/geo/vectorfile"
	"wangge/geo/visit"
)

func file(text string) sheet.File {
	return sheet.File{Name: "table.csv", ReaderAt: strings.NewReader(text), Size: int64(len(text))}
}

func TestATableOfCadencesMakesAndChangesThem(t *testing.T) {
	tx := pgtest.Tx(t)
	text := "代码,名称,层级,对象,周期(天),每岗户数\nlinked,十五户包联,,包联,20,15\nlone-elders,独居老人走访,村（社区）,高龄,14,\nvillage,村(社区)两委走访,village,全部,366,\n"
	for _, dry := range []bool{true, false} {
		got, err := visit.Import(t.Context(), tx, staff.Local, file(text), dry)
		if err != nil || got.Rows != 3 || got.Added != 1 || got.Changed != 1 || got.Unchanged != 1 || got.DryRun != dry {
			t.Fatalf("dry %v: %+v, %v %+v", dry, got, err, fault.Of(err))
		}
	}
	list, err := visit.Cadences(t.Context(), tx, staff.Local)
	if err != nil || len(list) != 5 {
		t.Fatal(list, err)
	}
	for _, c := range list {
		switch {
		case c.Code == "linked" && (c.TitleZh != "十五户包联" || c.TitleEn != "Linked households" || c.Days != 20 || *c.PerPost != 15 || c.Ordinal != 40),
			c.Code == "lone-elders" && (c.Level != "village" || c.Homes != visit.Aged || c.TitleEn != "独居老人走访" || c.Ordinal != 50 || !c.Used):
			t.Errorf("%+v", c)
		}
	}
	// What is written is read back, and changes nothing.
	var book bytes.Buffer
	if err := vectorfile.WriteXLSX(&book, visit.Table(list)); err != nil {
		t.Fatal(err)
	}
	again, err := visit.Import(t.Context(), tx, staff.Local, sheet.File{Name: "cadences.xlsx", ReaderAt: bytes.NewReader(book.Bytes()), Size: int64(book.Len())}, false)
	if err != nil || again.Unchanged != 5 || len(again.Unknown) > 0 {
		t.Errorf("%+v, %v %+v", again, err, fault.Of(err))
	}
	// Two may change places.
	if got, err := visit.Import(t.Context(), tx, staff.Local, file("code,order\ntown,20\nvillage,10\n"), false); err != nil || got.Changed != 2 {
		t.Errorf("%+v, %v %+v", got, err, fault.Of(err))
	}
}

func TestATableThatIsNoCadenceIsRefusedWithItsPlacesAndStoresNothing(t *testing.T) {
	tx := pgtest.Tx(t)
	for name, tt := range map[string]struct{ text, code, place string }{
		"no code":                  {"代码,周期(天)\n,30\n", "cadence_code", "row 2, column 1 (代码)"},
		"a code with spaces":       {"代码,名称,周期(天)\nOne Two,甲,30\n", "cadence_code", "row 2, column 1 (代码)"},
		"twice":                    {"代码,周期(天)\ntown,30\ntown,40\n", "repeated_id", "row 3, column 1 (代码)"},
		"no title":                 {"代码,周期(天)\nnew,30\n", "cadence_title", "row 2"},
		"a number of a person":     {"代码,名称,周期(天)\nnew,找13812345678,30\n", "cadence_title", "row 2, column 2 (名称)"},
		"a new one without days":   {"代码,名称\nnew,新\n", "value_missing", "row 2"},
		"more than a year":         {"代码,周期(天)\ntown,400\n", "number_range", "row 2, column 2 (周期(天))"},
		"half a day":               {"代码,周期(天)\ntown,1.5\n", sheet.CodeNumber, "row 2, column 2 (周期(天))"},
		"unknown households":       {"代码,对象\ntown,党员\n", "homes_unknown", "row 2, column 2 (对象)"},
		"an unknown level":         {"代码,层级\ntown,省\n", "level_unknown", "row 2, column 2 (层级)"},
		"linked without a most":    {"代码,对象\ntown,包联\n", "value_missing", "row 2"},
		"a most that says nothing": {"代码,每岗户数\ntown,20\n", "value_unwanted", "row 2, column 2 (每岗户数)"},
		"a place that is taken":    {"代码,顺序\ntown,20\n", "cadence_ordinal", "row 2, column 2 (顺序)"},
		"neither yes nor no":       {"代码,启用\ntown,也许\n", sheet.CodeBool, "row 2, column 2 (启用)"},
	} {
		_, err := visit.Import(t.Context(), tx, staff.Local, file(tt.text), false)
		f := fault.Of(err)
		if !errors.Is(err, visit.ErrRows) || f.Places[0].Code != tt.code || f.Places[0].Pointer != tt.place {
			t.Errorf("%s: %v %+v, want %s at %s", name, err, f, tt.code, tt.place)
		}
	}
	list, err := visit.Cadences(t.Context(), tx, staff.Local)
	if err != nil || len(list) != 4 || list[0].Code != "town" || list[0].Days != 180 {
		t.Errorf("what was refused was stored: %+v, %v", list, err)
	}
	for text, want := range map[string]error{"代码,周期(天)\n": sheet.ErrNoRows, "名称\n走访\n": sheet.ErrColumns, "代码\n" + strings.Repeat("a\n", 201): sheet.ErrLong} {
		if _, err := visit.Import(t.Context(), tx, staff.Local, file(text), false); !errors.Is(err, want) {
			t.Errorf("%.20q: %v, want %v", text, err, want)
		}
	}
}

func TestOnlyWhoSettlesEverythingImportsCadences(t *testing.T) {
	f := newField(t)
	ctx, worker := f.worker(0)
	if _, err := visit.Import(ctx, f.app, worker, file("代码,周期(天)\ntown,30\n"), false); !errors.Is(err, staff.ErrForbidden) {
		t.Error(err)
	}
}
