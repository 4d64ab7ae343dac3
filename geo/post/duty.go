package post

import (
	"fmt"
	"strings"
	"time"

	"wangge/geo/staff"
)

// State is how a holder was found, or a post that nobody holds.
type State string

// The states of a step.
const (
	Present  State = "present"  // has the duty: the last step
	Absent   State = "away"     // is away, perhaps until a known time
	Disabled State = "disabled" // the account is disabled
	Empty    State = "empty"    // nobody holds this rank of the post
	Vacant   State = "vacant"   // nobody holds the post, neither as A nor as B
	NoPost   State = "no-post"  // the unit has no such post
	Anyway   State = "anyway"   // nobody is present: the backstop answers although away
	Operator State = "operator" // there is no backstop either: whoever runs the server answers
)

// PostState is a place in the chain of responsibility: a post with its holders, or
// a unit that has no post of the kind (Post 0).
type PostState struct {
	Post             int64
	Kind             staff.Kind
	Ordinal          int
	TitleZh, TitleEn string // of the post
	Unit             string // code; "" = the whole installation
	UnitName         string
	Backstop         bool // answers when nobody in the line does, and then even while away
	A, B             *Person
}

// Person is a holder with what may keep it from duty.
type Person struct {
	Account    int64
	Login      string
	DisabledOn *time.Time
	Absences   []Span // by their beginning
}

// Span is an absence; To nil is without an end.
type Span struct {
	From time.Time
	To   *time.Time
}

// state is how a person stands to duty at an instant, and until when they are away
// (nil = nobody knows). Absences that follow one another without a gap are one.
func (p *Person) state(now time.Time) (s State, until *time.Time) {
	switch {
	case p == nil:
		return Empty, nil
	case p.DisabledOn != nil && !now.Before(*p.DisabledOn):
		return Disabled, nil
	}
	s = Present
	for _, a := range p.Absences {
		begun := !now.Before(a.From) && (a.To == nil || now.Before(*a.To))
		goesOn := s == Absent && until != nil && !until.Before(a.From) && (a.To == nil || a.To.After(*until))
		if begun || goesOn {
			s, until = Absent, a.To
		}
	}
	return s, until
}

// Duty is who answers, and why.
type Duty struct {
	Post     int64      `json:"post" doc:"0 = whoever runs the server"`
	Kind     staff.Kind `json:"kind"`
	TitleZh  string     `json:"title_zh"`
	TitleEn  string     `json:"title_en"`
	Unit     string     `json:"unit" doc:"code of the unit of the post; empty = the whole installation"`
	UnitName string     `json:"unit_name"`
	Rank     Rank       `json:"rank" doc:"A, B, or empty for whoever runs the server"`
	Account  int64      `json:"account"`
	Login    string     `json:"login"`
	Backstop bool       `json:"backstop" doc:"nobody in the line of the unit is there"`
	Away     bool       `json:"away" doc:"the backstop is away as well, and answers all the same"`
	Steps    []Step     `json:"steps" doc:"why: every holder that was asked, in order"`
}

// Step is one holder, or one post or unit without any, on the way to who answers.
type Step struct {
	State    State      `json:"state" enum:"present,away,disabled,empty,vacant,no-post,anyway,operator"`
	Post     int64      `json:"post"`
	Kind     staff.Kind `json:"kind"`
	TitleZh  string     `json:"title_zh"`
	TitleEn  string     `json:"title_en"`
	Unit     string     `json:"unit"`
	UnitName string     `json:"unit_name"`
	Rank     Rank       `json:"rank"`
	Login    string     `json:"login"`
	Until    *time.Time `json:"until" doc:"of an absence; null = until further notice"`
	Backstop bool       `json:"backstop"`
	TextZh   string     `json:"text_zh"`
	TextEn   string     `json:"text_en"`
}

// OnDuty decides who has a duty at an instant. The chain is in order: the posts of
// the unit, those of the units above it one after the other, then the backstop.
// Of a post A has the duty; with A away B has it at once; with both away, or with
// the post vacant, it goes on to the next. When nobody at all is there, the
// backstop answers although away (兜底责任): never nobody, and never somebody
// absent while somebody present stands in the chain.
func OnDuty(chain []PostState, now time.Time) Duty {
	var d Duty
	var last *Duty // the first of the backstop who is away
	for _, p := range chain {
		a, untilA := p.A.state(now)
		b, untilB := p.B.state(now)
		switch {
		case p.Post == 0:
			d.Steps = append(d.Steps, p.step(NoPost, "", nil))
			continue
		case a == Empty && b == Empty:
			d.Steps = append(d.Steps, p.step(Vacant, "", nil))
			continue
		}
		d.Steps = append(d.Steps, p.step(a, A, untilA))
		if a == Present {
			return p.duty(A, d.Steps)
		}
		d.Steps = append(d.Steps, p.step(b, B, untilB))
		if b == Present {
			return p.duty(B, d.Steps)
		}
		for _, rank := range []Rank{A, B} {
			if s, _ := p.person(rank).state(now); p.Backstop && last == nil && s == Absent {
				answers := p.duty(rank, []Step{p.step(Anyway, rank, nil)})
				last = &answers
			}
		}
	}
	if last != nil {
		last.Away = true
		last.Steps = append(d.Steps, last.Steps...)
		return *last
	}
	return Duty{Backstop: true, Steps: append(d.Steps, PostState{Backstop: true}.step(Operator, "", nil))}
}

func (p PostState) person(r Rank) *Person {
	if r == A {
		return p.A
	}
	return p.B
}

func (p PostState) duty(r Rank, steps []Step) Duty {
	holder := p.person(r)
	return Duty{Post: p.Post, Kind: p.Kind, TitleZh: p.TitleZh, TitleEn: p.TitleEn, Unit: p.Unit, UnitName: p.UnitName,
		Rank: r, Account: holder.Account, Login: holder.Login, Backstop: p.Backstop, Steps: steps}
}

func (p PostState) step(s State, r Rank, until *time.Time) Step {
	step := Step{State: s, Post: p.Post, Kind: p.Kind, TitleZh: p.TitleZh, TitleEn: p.TitleEn, Unit: p.Unit, UnitName: p.UnitName,
		Rank: r, Until: until, Backstop: p.Backstop}
	if r != "" && p.person(r) != nil {
		step.Login = p.person(r).Login
	}
	step.TextZh, step.TextEn = step.texts()
	return step
}

// china is where the times in the texts are said.
var china = time.FixedZone("Asia/Shanghai", 8*60*60)

// texts are the step as a sentence: "0101 网格长:A 角不在岗,至 2026-11-25 08:00".
func (s Step) texts() (zh, en string) {
	var said [2]string
	switch s.State {
	case Present:
		said = [2]string{"A 角在岗", "A has the duty"}
		if s.Rank == B {
			said = [2]string{"B 角代行职责", "B takes over"}
		}
	case Absent:
		zh, en := "至另行通知", "until further notice"
		if s.Until != nil {
			at := s.Until.In(china).Format("2006-01-02 15:04")
			zh, en = "至 "+at, "until "+at
		}
		said = [2]string{fmt.Sprintf("%s 角不在岗,%s", s.Rank, zh), fmt.Sprintf("%s is away %s", s.Rank, en)}
	case Disabled:
		said = [2]string{fmt.Sprintf("%s 角的账号已停用", s.Rank), fmt.Sprintf("the account of %s is disabled", s.Rank)}
	case Empty:
		said = [2]string{fmt.Sprintf("没有 %s 角", s.Rank), fmt.Sprintf("there is no %s", s.Rank)}
	case Vacant:
		said = [2]string{"岗位空缺", "the post is vacant"}
	case NoPost:
		said = [2]string{"没有设此岗位", "there is no such post"}
	case Anyway:
		said = [2]string{fmt.Sprintf("无人在岗,由 %s 角兜底", s.Rank), fmt.Sprintf("nobody is there: %s answers although away", s.Rank)}
	case Operator:
		return "兜底:没有管理员在岗,由本系统的运行人员负责", "backstop: no administrator is there; whoever runs this server answers"
	}
	placeZh, placeEn := strings.TrimSpace(s.Unit+" "+s.TitleZh), strings.TrimSpace(s.Unit+" "+s.TitleEn)
	if s.Backstop {
		placeZh, placeEn = "兜底 "+placeZh, "backstop "+placeEn
	}
	return placeZh + ":" + said[0], placeEn + ": " + said[1]
}
