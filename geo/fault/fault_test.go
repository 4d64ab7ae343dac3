package fault_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"wangge/geo/fault"
)

var (
	errStale  = fault.New(fault.Conflict, "plan_stale", "Another plan was published.")
	errFaulty = fault.New(fault.Invalid, "plan_faulty", "The draft has faults.")
)

func TestAFaultIsStillItselfWhateverIsAddedToIt(t *testing.T) {
	place := fault.Place{Pointer: "row 17", Code: "point_missing", Detail: "no coordinates"}
	cause := errors.New("pq: secret detail")
	for name, err := range map[string]error{
		"as declared":       errStale,
		"with a place":      errStale.With(place),
		"with a detail":     errStale.Saying("Plan 7."),
		"with a cause":      errStale.Because(cause),
		"with all of them":  errStale.With(place).Saying("Plan 7.").Because(cause).With(place),
		"wrapped":           fmt.Errorf("publish plan 7: %w", errStale.Saying("Plan 7.")),
		"joined to another": errors.Join(cause, fmt.Errorf("x: %w", errStale)),
	} {
		t.Run(name, func(t *testing.T) {
			if !errors.Is(err, errStale) {
				t.Errorf("errors.Is(%v, itself) is false", err)
			}
			if errors.Is(err, errFaulty) {
				t.Errorf("%v is taken for another fault", err)
			}
			if f := fault.Of(err); f == nil || f.Code != "plan_stale" || f.Kind != fault.Conflict {
				t.Errorf("Of = %+v", f)
			}
		})
	}
}

func TestTwoFaultsWithTheSameCodeAreNotTheSame(t *testing.T) {
	if errors.Is(fault.New(fault.Invalid, "a", "b"), fault.New(fault.Invalid, "a", "b")) {
		t.Error("faults are told apart by where they were declared, not by their code")
	}
}

func TestAddingNeverChangesTheDeclaredFault(t *testing.T) {
	first := errFaulty.With(fault.Place{Pointer: "a"})
	second := first.With(fault.Place{Pointer: "b"})
	third := first.With(fault.Place{Pointer: "c"})
	_ = errFaulty.Saying("x").Because(errors.New("y"))
	if len(errFaulty.Places) != 0 || errFaulty.Detail != "" || errFaulty.Unwrap() != nil {
		t.Errorf("the declared fault became %+v", errFaulty)
	}
	if len(first.Places) != 1 || len(second.Places) != 2 || second.Places[1].Pointer != "b" || third.Places[1].Pointer != "c" {
		t.Errorf("places are shared between copies: %v %v %v", first.Places, second.Places, third.Places)
	}
}

func TestTheCauseIsForTheLogAlone(t *testing.T) {
	cause := errors.New("relation does not exist")
	f := errStale.Saying("Plan 7.").Because(cause)
	if !strings.Contains(f.Error(), cause.Error()) || !errors.Is(f, cause) {
		t.Errorf("the log would miss the cause: %s", f)
	}
	for _, shown := range []string{f.Msg, f.Detail, f.Code} {
		if strings.Contains(shown, "relation") {
			t.Errorf("a caller would see %q", shown)
		}
	}
}

func TestWhatIsNoFaultIsInternal(t *testing.T) {
	for _, err := range []error{nil, errors.New("x"), fmt.Errorf("y: %w", errors.New("z"))} {
		if f := fault.Of(err); f != nil {
			t.Errorf("Of(%v) = %v, want none", err, f)
		}
	}
}

func TestOfIsTheOutermostFault(t *testing.T) {
	err := errFaulty.Because(errStale)
	if f := fault.Of(fmt.Errorf("x: %w", err)); f.Code != "plan_faulty" {
		t.Errorf("Of = %s, want the outer one", f.Code)
	}
	if !errors.Is(err, errStale) {
		t.Error("the inner fault is lost")
	}
}
