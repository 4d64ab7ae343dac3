package dossier

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"wangge/geo"
	"wangge/geo/atlas"
	"wangge/geo/deliberation"
	"wangge/geo/pg"
	"wangge/geo/ruleset"
	"wangge/geo/staff"
)

// section is a table of a dossier; its name is that of its file in the archive.
type section struct {
	name  string // "rules"
	table atlas.Table
}

// chapters are what other packages know of a plan. Nothing to tell is no section.
func (h *held) chapters(ctx context.Context, db pg.DB, actor staff.Actor) ([]section, error) {
	var all []section
	for _, tell := range []func(context.Context, pg.DB, staff.Actor, *held) ([]section, error){rules, stages, comments} {
		list, err := tell(ctx, db, actor, h)
		if err != nil {
			return nil, fmt.Errorf("dossier of plan %d: %w", h.ID, err)
		}
		all = append(all, list...)
	}
	return all, nil
}

// rules are those of the set that the plan was held against, and which units are
// excused from which, with the reasons.
func rules(ctx context.Context, db pg.DB, actor staff.Actor, h *held) ([]section, error) {
	set, err := ruleset.Of(ctx, db, actor, h.ID)
	if err != nil {
		return nil, err
	}
	waivers, err := ruleset.Waivers(ctx, db, actor, h.ID)
	if err != nil {
		return nil, err
	}
	said := map[int64]string{}
	all := atlas.Table{Title: strings.TrimSpace("规则 Rules: " + set.TitleZh + " " + set.TitleEn), Columns: columns("规则 Rule", "=约束 Kind", "出处 Source")}
	for _, r := range set.Rules {
		r = r.Words()
		said[r.ID] = r.Zh
		strict := "软 soft"
		if r.Hard {
			strict = "硬 hard"
		}
		all.Rows = append(all.Rows, []string{r.Zh + " " + r.En, strict, r.Source})
	}
	codes := map[int]string{}
	for _, u := range h.units {
		codes[u.Ordinal] = u.Code
	}
	excused := atlas.Table{Title: "豁免 Waivers", Columns: columns("=单元 Unit", "规则 Rule", "理由 Reason", "=批准 By", "=时间 At")}
	for _, w := range waivers {
		excused.Rows = append(excused.Rows, []string{codes[w.Ordinal], said[w.Rule], w.Reason, w.By, moment(w.At)})
	}
	return []section{{"rules", all}, {"waivers", excused}}, nil
}

// stages are the steps of the decision, oldest first.
func stages(ctx context.Context, db pg.DB, actor staff.Actor, h *held) ([]section, error) {
	standing, err := deliberation.Of(ctx, db, actor, h.ID)
	if err != nil {
		return nil, err
	}
	if len(standing.Log) == 0 {
		return nil, nil
	}
	procedures, err := deliberation.Procedures(ctx, db, actor)
	if err != nil {
		return nil, err
	}
	titles := map[string]string{} // also of a procedure that was followed then
	for _, p := range procedures {
		for _, s := range p.Stages {
			titles[s.Code] = s.TitleZH + " " + s.TitleEN
		}
	}
	outcomes := map[deliberation.Outcome]string{deliberation.Passed: "通过 passed", deliberation.Returned: "退回 returned"}
	t := atlas.Table{Title: "议决过程 Stages of the decision", Columns: columns("阶段 Stage", "=结果 Outcome", ">版本 Revision", "意见 Note", "=办理 By", "=时间 At")}
	for _, e := range standing.Log {
		t.Rows = append(t.Rows, []string{cmp.Or(titles[e.Stage], e.Stage), outcomes[e.Outcome], strconv.Itoa(e.Revision), e.Note, e.By, moment(e.At)})
	}
	return []section{{"stages", t}}, nil
}

// maxComments is how many comments a dossier has at most; it says so.
const maxComments = 1000

// comments are those that were let through, with their places.
func comments(ctx context.Context, db pg.DB, actor staff.Actor, h *held) ([]section, error) {
	list, err := deliberation.Comments(ctx, db, actor, h.ID, deliberation.Shown, 0, maxComments+1)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	t := atlas.Table{Title: "意见 Comments", Columns: columns("=位置 Place", "意见 Comment", "=提出 By", "=时间 At", "=办结 Resolved")}
	if len(list) > maxComments {
		list = list[:maxComments]
		t.Title += fmt.Sprintf("(最早 %d 条 the oldest %d)", maxComments, maxComments)
	}
	for _, c := range list {
		by := c.By
		if c.Resident {
			by = "居民 resident"
		}
		resolved := ""
		if c.ResolvedAt != nil {
			resolved = moment(*c.ResolvedAt)
		}
		at := c.Point.Degrees()
		t.Rows = append(t.Rows, []string{fmt.Sprintf("%.6f, %.6f", at[0], at[1]), c.Body, by, moment(c.At), resolved})
	}
	return []section{{"comments", t}}, nil
}

// moment is an instant as the office's clock shows it.
func moment(at time.Time) string {
	return at.In(geo.DayOf(at).Start().Location()).Format("2006-01-02 15:04:05")
}
