// Package staff knows who acts and what they may see and do.
//
// Duties belong to posts, not to persons: a post has a kind (grid leader,
// planner …) and an area (a unit with all units below it, or everywhere), and a
// holder A with a deputy B. What a kind of post may do is data (table post_kind).
// An Actor is an account with the grants of the posts it holds today; every
// function that reads or writes takes one and keeps within its Area. Behind that
// stands the database's row-level security, which finds the same grants by itself
// from the account of the transaction (migration 0011).
package staff

import (
	"slices"
	"strconv"

	"wangge/geo/fault"
)

// Permission is a purpose for which something may be seen or done.
type Permission string

// The permissions. None includes another.
const (
	Map       Permission = "map"       // units, service points, zones, streets and their tiles
	Count     Permission = "count"     // aggregates; small counts are hidden from who lacks Place
	Place     Permission = "place"     // precise places and addresses of households and incidents
	Contact   Permission = "contact"   // contact details; each look is recorded
	Record    Permission = "record"    // change households and incidents by hand, visit
	Plan      Permission = "plan"      // drafts, publishing, zones, levels
	Import    Permission = "load"      // files into the ledgers
	Export    Permission = "export"    // files out of them
	Dispatch  Permission = "dispatch"  // who handles an incident
	Supervise Permission = "supervise" // who is on duty, by post; tracks of others, with a reason and on record
	Post      Permission = "post"      // posts, holders, absences of others, accounts
	Setting   Permission = "setting"   // settings of the installation
	Audit     Permission = "audit"     // read the log
	Privacy   Permission = "privacy"   // requests of residents, registers, retention
)

// Permissions are all there are.
var Permissions = []Permission{Map, Count, Place, Contact, Record, Plan, Import, Export, Dispatch, Supervise, Post, Setting, Audit, Privacy}

// Kind is a kind of post.
type Kind string

// The kinds of posts.
const (
	Leader            Kind = "leader"             // 网格长
	Worker            Kind = "worker"             // 专职网格员
	PartTimeWorker    Kind = "part-time-worker"   // 兼职网格员
	Member            Kind = "member"             // 网格成员 (the N of 1+2+N)
	BuildingHead      Kind = "building-head"      // 楼栋长
	DepartmentOfficer Kind = "department-officer" // 部门人员
	Planner           Kind = "planner"            // 规划员
	Analyst           Kind = "analyst"            // 分析员
	Dispatcher        Kind = "dispatcher"         // 调度员
	Administrator     Kind = "administrator"      // 管理员
	PrivacyOfficer    Kind = "privacy-officer"    // 个人信息保护负责人

	// BreakGlass is no post: Grant.Post is the number of a row of break_glass, negative.
	BreakGlass Kind = "break-glass"
)

// Grant is what one post gives its holder.
type Grant struct {
	Post int64        `json:"post"`
	Kind Kind         `json:"kind"`
	Unit int64        `json:"unit" doc:"0 = everywhere"`
	May  []Permission `json:"may"`
}

// Actor is who asks for something. The zero Actor may do nothing.
type Actor struct {
	Name    string // as it stands in the audit: "account:12", "local"; never a person's name
	Account int64  // 0 for a program of ours or the public
	Grants  []Grant
	Token   bool // a program asks, with a token that its person gave it
}

// Programs and people without an account.
var (
	// Local is the person at this machine, who owns the database anyway.
	Local = Actor{Name: "local", Grants: everything}
	// System acts when nobody asked: a timer, the demo town.
	System = Actor{Name: "system", Grants: everything}
	// Public is anybody who has not signed in.
	Public = Actor{Name: "public"}
)

var everything = []Grant{{Kind: Administrator, May: Permissions}}

// Faults of this package.
var (
	ErrSignedOut = fault.New(fault.Unauthenticated, "signed_out", "Sign in first.")
	ErrOutside   = fault.New(fault.Forbidden, "outside_area", "This lies outside the area of your posts.")
	ErrForbidden = fault.New(fault.Forbidden, "forbidden", "Your posts do not allow this. An administrator can say which post does.")
)

// May reports whether some grant allows p, somewhere.
func (a Actor) May(p Permission) bool {
	return slices.ContainsFunc(a.Grants, func(g Grant) bool { return slices.Contains(g.May, p) })
}

// Must returns ErrForbidden, or ErrSignedOut for the public, unless a may do p somewhere.
func (a Actor) Must(p Permission) error {
	switch {
	case a.May(p):
		return nil
	case a.Name == Public.Name || a.Name == "":
		return ErrSignedOut
	}
	return ErrForbidden.With(fault.Place{Pointer: string(p), Code: "permission_missing", Detail: "permission " + string(p)})
}

// Area is a set of units: everything, or some units with all that lie below
// them. The zero Area is empty.
type Area struct {
	All   bool    `json:"all"`
	Roots []int64 `json:"roots"` // ascending, each once
}

// Area is where a may do p.
func (a Actor) Area(p Permission) Area {
	area := Area{Roots: []int64{}} // never nil: SQL compares with it
	for _, g := range a.Grants {
		switch {
		case !slices.Contains(g.May, p):
		case g.Unit == 0:
			return Area{All: true, Roots: []int64{}}
		default:
			area.Roots = append(area.Roots, g.Unit)
		}
	}
	slices.Sort(area.Roots)
	area.Roots = slices.Compact(area.Roots)
	return area
}

// Home is the unit for which what this actor makes is kept as long as it lies in
// no unit of its own: nil means everywhere. Of several areas it is the first.
func (a Area) Home() *int64 {
	if a.All || len(a.Roots) == 0 {
		return nil
	}
	return &a.Roots[0]
}

// Empty reports whether the area holds nothing.
func (a Area) Empty() bool { return !a.All && len(a.Roots) == 0 }

// In is the SQL condition that a unit lies in an area, whose All and Roots are the
// parameters number n and n+1. It is written out, and no function of the database,
// for one with a sub-select is called for every row: 24,000 units take 150 ms
// instead of 6.
func In(unit string, n int) string {
	return "($" + strconv.Itoa(n) + " OR " + Below(unit, n+1) + ")"
}

// Below is the SQL condition that a unit is one of the roots, parameter number n, or
// lies below one.
func Below(unit string, n int) string {
	return "EXISTS (SELECT FROM unit_ancestor scope WHERE scope.unit_id = " + unit + " AND scope.ancestor_id = ANY ($" + strconv.Itoa(n) + "))"
}
