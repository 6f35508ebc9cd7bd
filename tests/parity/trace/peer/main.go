// Prints a trace as lines that dump.cc prints as well.
//
//	peer events FILE   every event, in order, with all that it carries
//	peer states FILE   each goroutine's and processor's states over time
//	peer profile FILE  a pprof profile's samples, sorted
//	peer count FILE    events by kind; what bench/trace_vs_go.py measures
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"sort"
	"strings"

	"github.com/google/pprof/profile"
	"golang.org/x/exp/trace"
)

const emptyStack = "cbf29ce484222325" // x/exp/trace tells it where there is none

type hash uint64

func (h *hash) byte(b byte) { *h = (*h ^ hash(b)) * 0x100000001b3 }
func (h *hash) text(s string) {
	for i := 0; i < len(s); i++ {
		h.byte(s[i])
	}
	h.byte(0)
}
func (h *hash) number(n uint64) {
	for i := 0; i < 8; i++ {
		h.byte(byte(n >> (8 * i)))
	}
}

func stackHash(s trace.Stack) string {
	if s == trace.NoStack {
		return "-"
	}
	h := hash(0xcbf29ce484222325)
	for f := range s.Frames() {
		h.number(f.PC)
		h.text(f.Func)
		h.text(f.File)
		h.number(f.Line)
	}
	return fmt.Sprintf("%016x", uint64(h))
}

func quoted(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < 0x20 || c > 0x7e || c == '"' || c == '\\' {
			fmt.Fprintf(&b, "\\x%02x", c)
		} else {
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

func scope(r trace.ResourceID) string {
	switch r.Kind {
	case trace.ResourceGoroutine:
		return fmt.Sprintf("Goroutine(%d)", r.Goroutine())
	case trace.ResourceProc:
		return fmt.Sprintf("Proc(%d)", r.Proc())
	}
	return "None"
}

func printEvent(w *bufio.Writer, ev trace.Event) {
	if ev.Kind() == trace.EventSync {
		fmt.Fprintf(w, "- - - Sync %d", ev.Time())
		if c := ev.Sync().ClockSnapshot; c != nil {
			fmt.Fprintf(w, " clock %d %d %d", c.Trace, c.Wall.UnixNano(), c.Mono)
		}
		fmt.Fprintln(w)
		return
	}
	fmt.Fprintf(w, "%d %d %d %v %d", ev.Thread(), ev.Proc(), ev.Goroutine(), ev.Kind(), ev.Time())
	switch ev.Kind() {
	case trace.EventMetric:
		m := ev.Metric()
		fmt.Fprintf(w, " %s %d", m.Name, m.Value.Uint64())
	case trace.EventLabel:
		fmt.Fprintf(w, " %s", quoted(ev.Label().Label))
	case trace.EventRangeBegin, trace.EventRangeActive, trace.EventRangeEnd:
		r := ev.Range()
		fmt.Fprintf(w, " %s %s", quoted(r.Name), scope(r.Scope))
		if ev.Kind() == trace.EventRangeEnd {
			for _, a := range ev.RangeAttributes() {
				fmt.Fprintf(w, " %d", a.Value.Uint64())
			}
		}
	case trace.EventTaskBegin, trace.EventTaskEnd:
		t := ev.Task()
		fmt.Fprintf(w, " %d %d %s", uint64(t.ID), uint64(t.Parent), quoted(t.Type))
	case trace.EventRegionBegin, trace.EventRegionEnd:
		r := ev.Region()
		fmt.Fprintf(w, " %d %s", uint64(r.Task), quoted(r.Type))
	case trace.EventLog:
		l := ev.Log()
		fmt.Fprintf(w, " %d %s %s", uint64(l.Task), quoted(l.Category), quoted(l.Message))
	case trace.EventStateTransition:
		s := ev.StateTransition()
		switch s.Resource.Kind {
		case trace.ResourceGoroutine:
			from, to := s.Goroutine()
			fmt.Fprintf(w, " G %d %v->%v %s", s.Resource.Goroutine(), from, to, quoted(s.Reason))
			if from == trace.GoNotExist && s.Stack != trace.NoStack && stackHash(s.Stack) != emptyStack && s.Stack != ev.Stack() {
				fmt.Fprintf(w, " new %s", stackHash(s.Stack))
			}
		case trace.ResourceProc:
			from, to := s.Proc()
			fmt.Fprintf(w, " P %d %v->%v", s.Resource.Proc(), from, to)
		}
	case trace.EventExperimental:
		e := ev.Experimental()
		fmt.Fprintf(w, " %s", e.Name)
		for i := range e.Args {
			fmt.Fprintf(w, " %d", e.ArgValue(i).Uint64())
		}
	}
	if s := ev.Stack(); s != trace.NoStack && stackHash(s) != emptyStack {
		fmt.Fprintf(w, " at %s", stackHash(s))
	}
	fmt.Fprintln(w)
}

type slice struct {
	begin  trace.Time
	state  string
	reason string
	stack  string
	by     int64
	starts bool
	proc   int64
}

type lane struct {
	name   string
	slices []slice
}

type states struct {
	first, last trace.Time
	any         bool
	kinds       map[trace.EventKind]int
	gs          map[trace.GoID]*lane
	ps          map[trace.ProcID]*lane
}

func (s *states) event(ev trace.Event) {
	if !s.any {
		s.any = true
		s.first = ev.Time()
	}
	s.last = ev.Time()
	s.kinds[ev.Kind()]++
	if ev.Kind() != trace.EventStateTransition {
		return
	}
	st := ev.StateTransition()
	switch st.Resource.Kind {
	case trace.ResourceGoroutine:
		from, to := st.Goroutine()
		if from == to {
			return
		}
		id := st.Resource.Goroutine()
		g := s.gs[id]
		if g == nil {
			g = &lane{}
			s.gs[id] = g
		}
		if g.name == "" {
			for f := range st.Stack.Frames() {
				g.name = f.Func
			}
		}
		x := slice{begin: ev.Time(), state: to.String(), reason: st.Reason, stack: stackHash(ev.Stack()), by: -1}
		if from == trace.GoWaiting && to == trace.GoRunnable || from == trace.GoNotExist && to != trace.GoSyscall {
			x.by = int64(ev.Goroutine())
		}
		if from == trace.GoRunnable && to == trace.GoRunning {
			x.starts, x.proc = true, int64(ev.Proc())
		}
		g.slices = append(g.slices, x)
	case trace.ResourceProc:
		from, to := st.Proc()
		if from == to {
			return
		}
		id := st.Resource.Proc()
		p := s.ps[id]
		if p == nil {
			p = &lane{}
			s.ps[id] = p
		}
		x := slice{begin: ev.Time(), state: to.String(), by: -1}
		if to == trace.ProcRunning {
			x.by = int64(ev.Thread())
		}
		p.slices = append(p.slices, x)
	}
}

func (s *states) end(l *lane, i int) trace.Time {
	if i+1 < len(l.slices) {
		return l.slices[i+1].begin - s.first
	}
	return s.last - s.first
}

func (s *states) print(w *bufio.Writer) {
	for k := trace.EventSync; k <= trace.EventExperimental; k++ {
		if s.kinds[k] != 0 {
			fmt.Fprintf(w, "events %v %d\n", k, s.kinds[k])
		}
	}
	var gs []trace.GoID
	for id := range s.gs {
		gs = append(gs, id)
	}
	sort.Slice(gs, func(i, j int) bool { return uint64(gs[i]) < uint64(gs[j]) })
	for _, id := range gs {
		g := s.gs[id]
		fmt.Fprintf(w, "G %d %s\n", uint64(id), quoted(g.name))
		for i, x := range g.slices {
			fmt.Fprintf(w, "%d %d %s %s %s %d", x.begin-s.first, s.end(g, i), x.state, quoted(x.reason), x.stack, x.by)
			if x.starts {
				fmt.Fprintf(w, " on %d", x.proc)
			}
			fmt.Fprintln(w)
		}
	}
	var ps []trace.ProcID
	for id := range s.ps {
		ps = append(ps, id)
	}
	sort.Slice(ps, func(i, j int) bool { return uint64(ps[i]) < uint64(ps[j]) })
	for _, id := range ps {
		p := s.ps[id]
		fmt.Fprintf(w, "P %d\n", uint64(id))
		for i, x := range p.slices {
			fmt.Fprintf(w, "%d %d %s %d\n", x.begin-s.first, s.end(p, i), x.state, x.by)
		}
	}
}

func printProfile(file io.Reader) error {
	p, err := profile.Parse(file)
	if err != nil {
		return err
	}
	var lines []string
	for _, s := range p.Sample {
		line := fmt.Sprint(s.Value)
		for _, l := range s.Location {
			line += fmt.Sprintf(" %x", l.Address)
			for _, n := range l.Line {
				line += fmt.Sprintf(" %s %s:%d", n.Function.Name, n.Function.Filename, n.Line)
			}
		}
		lines = append(lines, line)
	}
	sort.Strings(lines)
	fmt.Println(p.SampleType[0], p.SampleType[1], p.PeriodType, p.Period)
	for _, line := range lines {
		fmt.Println(line)
	}
	return nil
}

func run() error {
	if len(os.Args) != 3 {
		return fmt.Errorf("usage: peer events|states|profile|count FILE")
	}
	file, err := os.Open(os.Args[2])
	if err != nil {
		return err
	}
	defer file.Close()
	if os.Args[1] == "profile" {
		return printProfile(file)
	}
	r, err := trace.NewReader(bufio.NewReaderSize(file, 1<<20))
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(os.Stdout, 1<<16)
	defer w.Flush()
	s := &states{kinds: map[trace.EventKind]int{}, gs: map[trace.GoID]*lane{}, ps: map[trace.ProcID]*lane{}}
	var counts [32]int
	for {
		ev, err := r.ReadEvent()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		switch os.Args[1] {
		case "events":
			printEvent(w, ev)
		case "states":
			s.event(ev)
		default:
			counts[ev.Kind()]++
		}
	}
	switch os.Args[1] {
	case "states":
		s.print(w)
	case "count":
		for k := trace.EventSync; k <= trace.EventExperimental; k++ {
			if counts[k] != 0 {
				fmt.Fprintf(w, "%v %d\n", k, counts[k])
			}
		}
	}
	return nil
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
