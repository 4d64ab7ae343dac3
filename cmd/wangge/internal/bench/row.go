package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"
)

// Row is one line of the result. Ours and Peer are in Unit; a peer of 0 means
// that there is none and only our cost is told.
type Row struct {
	Name  string  `json:"name"`
	Ours  float64 `json:"ours"`
	Peer  float64 `json:"peer"`
	Ratio float64 `json:"ratio"` // how many times better ours is
	Unit  string  `json:"unit"`
	Data  string  `json:"data"`
	// Processor time and time on the wall behind the line, in seconds; 0 where
	// they are not what the line is about.
	CPUOurs  float64 `json:"cpu_ours"`
	CPUPeer  float64 `json:"cpu_peer"`
	WallOurs float64 `json:"wall_ours"`
	WallPeer float64 `json:"wall_peer"`
	Target   string  `json:"target,omitempty"`
	Met      *bool   `json:"met,omitempty"`
	Load     float64 `json:"load"` // processes that wanted a processor while it was measured
	Notes    string  `json:"notes"`
}

// cost is what some work took: by the wall, and by the processors, ours and
// PostgreSQL's together.
type cost struct {
	wall, cpu time.Duration
}

// inCPU makes a row of processor seconds.
func inCPU(name string, ours, peer cost, data string) Row {
	return less(name, ours.cpu.Seconds(), peer.cpu.Seconds(), "CPU s", data).of(ours, peer)
}

// onTheWall makes a row of seconds on the wall.
func onTheWall(name string, ours, peer cost, data string) Row {
	return less(name, ours.wall.Seconds(), peer.wall.Seconds(), "s", data).of(ours, peer)
}

// less makes a row in which less is better.
func less(name string, ours, peer float64, unit, data string) Row {
	r := Row{Name: name, Ours: ours, Peer: peer, Unit: unit, Data: data}
	if ours > 0 {
		r.Ratio = peer / ours
	}
	return r
}

// moreOf makes a row in which more is better.
func moreOf(name string, ours, peer float64, unit, data string) Row {
	r := Row{Name: name, Ours: ours, Peer: peer, Unit: unit, Data: data}
	if peer > 0 {
		r.Ratio = ours / peer
	}
	return r
}

func (r Row) of(ours, peer cost) Row {
	r.CPUOurs, r.CPUPeer = ours.cpu.Seconds(), peer.cpu.Seconds()
	r.WallOurs, r.WallPeer = ours.wall.Seconds(), peer.wall.Seconds()
	return r
}

// note adds how a row is to be read.
func (r Row) note(format string, args ...any) Row {
	r.Notes = fmt.Sprintf(format, args...)
	return r
}

// atLeast sets the ratio that we are after.
func (r Row) atLeast(ratio float64) Row {
	return r.target(fmt.Sprintf("≥ %.3g×", ratio), r.Ratio >= ratio)
}

// atMost sets the most that ours may be.
func (r Row) atMost(most float64) Row {
	return r.target(fmt.Sprintf("≤ %g %s", most, r.Unit), r.Ours <= most)
}

// target adds to what we are after.
func (r Row) target(text string, met bool) Row {
	if r.Met != nil {
		text, met = r.Target+", "+text, *r.Met && met
	}
	r.Target, r.Met = text, &met
	return r
}

// Print writes rows as a table.
func Print(w io.Writer, rows []Row) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "name\tours\tpeer\tunit\tratio\ttarget\tmet\tdata set")
	for _, r := range rows {
		peer, ratio := number(r.Peer), fmt.Sprintf("%.3g×", r.Ratio)
		if r.Peer == 0 {
			peer, ratio = "–", "–"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.Name, number(r.Ours), peer, r.Unit, ratio, r.Target, r.verdict(), r.Data)
	}
	return t.Flush()
}

func (r Row) verdict() string {
	switch {
	case r.Met == nil:
		return ""
	case *r.Met:
		return "yes"
	}
	return "NO"
}

// number shows three significant digits, and whole ones from 1,000 on.
func number(v float64) string {
	if v >= 1000 {
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.3g", v)
}

// WriteFile writes rows as JSON.
func WriteFile(file string, rows []Row) error {
	text, err := json.MarshalIndent(rows, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o644)
}
