package premises_test

import (
	"errors"
	"slices"
	"testing"

	"wangge/geo/fault"
	"wangge/geo/ledger/ledgertest"
	"wangge/geo/premises"
	"wangge/geo/staff"
	"wangge/geo/staff/stafftest"
)

const village, beatHead = "310115001001", "路线编号,路线名称,责任网格,星期,开始时间,结束时间,打卡点"

func TestARegisterOfBeatsMakesAndChangesThem(t *testing.T) {
	f := newField(t)
	day, night := "R1,早巡,"+village+",周一至周五,08:00,10:00,B→A", "R2,夜巡,"+first+",每天,20:00,24:00,东门"
	try := options
	try.DryRun = true
	for i, o := range []premises.Options{try, options, options} {
		got, err := premises.ImportBeats(t.Context(), f.db, staff.Local, ledgertest.CSV(t, beatHead, day, night), o)
		added := map[int]int{0: 2, 1: 2, 2: 0}[i]
		if err != nil || got.Rows != 2 || got.Added != added || got.Unchanged != 2-added || got.Changed != 0 {
			t.Fatalf("time %d: %+v, %v %+v", i, got, err, fault.Of(err))
		}
	}
	beats := func() []premises.Beat {
		list, err := premises.Beats(t.Context(), f.db, staff.Local, "", 0, 10)
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	list := beats()
	want := premises.Round{Name: "早巡", Unit: village, Weekdays: []int16{1, 2, 3, 4, 5}, Starts: 480, Ends: 600, Checkpoints: []int64{f.id("checkpoint", "B"), f.id("checkpoint", "A")}}
	if len(list) != 2 || list[0].Name != want.Name || list[0].Unit != want.Unit || !slices.Equal(list[0].Weekdays, want.Weekdays) ||
		list[0].Starts != 480 || list[0].Ends != 600 || !slices.Equal(list[0].Checkpoints, want.Checkpoints) || list[1].Ends != 1440 {
		t.Errorf("%+v, want %+v", list, want)
	}
	// A change keeps the beat; one that was made by hand, and what is absent, stay.
	hand, err := premises.SetBeat(t.Context(), f.db, staff.Local, 0, premises.Round{Name: "hand", Unit: first, Weekdays: []int16{1}, Starts: 0, Ends: 60, Checkpoints: want.Checkpoints[1:]})
	if err != nil {
		t.Fatal(err)
	}
	if got := f.load(premises.ImportBeats, beatHead, "R1,早巡,"+village+",周一至周五,08:00,10:00,A"); got.Changed != 1 || got.Added != 0 {
		t.Errorf("%+v", got)
	}
	after := beats()
	if len(after) != 3 || after[0].ID != list[0].ID || !slices.Equal(after[0].Checkpoints, want.Checkpoints[1:]) || after[2].ID != hand.ID {
		t.Errorf("%+v", after)
	}
}

func TestARegisterOfBeatsWithAFaultNamesItsPlaceAndStoresNothing(t *testing.T) {
	f := newField(t)
	f.load(premises.ImportCheckpoints, "编号,名称,经度,纬度", "C,东门,"+ledgertest.LonLat(.6, .6))
	good := "R0,好," + first + ",每天,08:00,09:00,A"
	for name, tt := range map[string]struct{ row, code, place string }{
		"no name":                   {"R1,," + first + ",每天,08:00,09:00,A", "name", "row 3, column 2 (路线名称)"},
		"a number of a person":      {"R1,找13812345678," + first + ",每天,08:00,09:00,A", "name", "row 3, column 2 (路线名称)"},
		"the same number twice":     {"R0,又," + first + ",每天,08:00,09:00,A", "repeated_id", "row 3, column 1 (路线编号)"},
		"no such unit":              {"R1,甲,3101,每天,08:00,09:00,A", "unit_unknown", "row 3, column 3 (责任网格)"},
		"no weekday":                {"R1,甲," + first + ",月初,08:00,09:00,A", "bad_weekdays", "row 3, column 4 (星期)"},
		"no hour":                   {"R1,甲," + first + ",每天,早上,09:00,A", "bad_hour", "row 3, column 5 (开始时间)"},
		"an end before the start":   {"R1,甲," + first + ",每天,09:00,08:00,A", "bad_hour", "row 3, column 6 (结束时间)"},
		"no checkpoint":             {"R1,甲," + first + ",每天,08:00,09:00,", "beat_checkpoints", "row 3, column 7 (打卡点)"},
		"an unknown checkpoint":     {"R1,甲," + first + ",每天,08:00,09:00,A、Z", "checkpoint_unknown", "row 3, column 7 (打卡点)"},
		"another unit's checkpoint": {"R1,甲," + first + ",每天,08:00,09:00,A、B", "checkpoint_unknown", "row 3, column 7 (打卡点)"},
		"a name that two have":      {"R1,甲," + first + ",每天,08:00,09:00,东门", "checkpoint_ambiguous", "row 3, column 7 (打卡点)"},
		"a checkpoint twice":        {"R1,甲," + first + ",每天,08:00,09:00,A、A", "checkpoint_twice", "row 3, column 7 (打卡点)"},
	} {
		_, err := premises.ImportBeats(t.Context(), f.db, staff.Local, ledgertest.CSV(t, beatHead, good, tt.row), options)
		bad := fault.Of(err)
		if !errors.Is(err, premises.ErrRows) || len(bad.Places) != 1 || bad.Places[0].Code != tt.code || bad.Places[0].Pointer != tt.place {
			t.Errorf("%s: %v %+v, want %s at %s", name, err, bad, tt.code, tt.place)
		}
	}
	if list, err := premises.Beats(t.Context(), f.db, staff.Local, "", 0, 10); err != nil || len(list) != 0 {
		t.Errorf("what was refused was stored: %+v, %v", list, err)
	}
	if _, err := premises.ImportBeats(t.Context(), f.db, staff.Local, ledgertest.CSV(t, "路线名称,星期", "甲,每天"), options); !errors.Is(err, premises.ErrFields) {
		t.Errorf("without columns: %v", err)
	}
}

func TestARegisterOfBeatsStaysWithinWhereOneMayPlan(t *testing.T) {
	f := newField(t)
	_, planner := stafftest.Hold(f, f.db, staff.Planner, f.units[0])
	bring := func(actor staff.Actor, row string) error {
		_, err := premises.ImportBeats(t.Context(), f.db, actor, ledgertest.CSV(t, beatHead, row), options)
		return err
	}
	if err := bring(planner, "R1,甲,"+second+",每天,08:00,09:00,B"); !errors.Is(err, premises.ErrRows) {
		t.Errorf("of another grid: %v", err)
	}
	if err := bring(planner, "R1,甲,"+first+",每天,08:00,09:00,A"); err != nil {
		t.Errorf("of the own grid: %v %+v", err, fault.Of(err))
	}
	if err := bring(staff.Local, "R2,乙,"+second+",每天,08:00,09:00,B"); err != nil {
		t.Error(err)
	}
	if err := bring(planner, "R2,甲,"+first+",每天,08:00,09:00,A"); !errors.Is(err, premises.ErrTaken) {
		t.Errorf("under a number of others: %v", err)
	}
	_, worker := f.worker(0)
	if err := bring(worker, "R1,甲,"+first+",每天,08:00,09:00,A"); !errors.Is(err, staff.ErrForbidden) {
		t.Errorf("by a worker: %v", err)
	}
}
