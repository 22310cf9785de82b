package abitest

import (
	"fmt"
	"strings"

	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/abi/table"
)

// Reached counts what events have reached: exports, actions and each name in them.
type Reached struct {
	Events    int
	Instances int
	counts    map[string]int
	begun     int // calls
	ended     int
	repeated  int // that ended after more than one attempt
}

// NewReached has reached nothing.
func NewReached() *Reached { return &Reached{counts: map[string]int{}} }

// Note counts an event, and what the program asked for.
func (r *Reached) Note(e Event, actions []Action) {
	r.Events++
	name := table.Exports[e.Export].Name
	r.counts["export "+name]++
	if name == "start" {
		r.begun++
	}
	for _, a := range actions {
		r.counts["action "+a.Name]++
		for _, kind := range table.Actions {
			if kind.Name == a.Name {
				r.values(kind.Fields, a.Values)
			}
		}
		if a.Name == "end" {
			r.ended++
			r.counts["code "+status.Code(a.Values["code"].(uint32)).String()]++
			if len(a.Values["history"].(map[string]any)["records"].([]map[string]any)) > 1 {
				r.repeated++
			}
		}
	}
}

func (r *Reached) values(fields []table.Field, values map[string]any) {
	for _, f := range fields {
		switch value := values[f.Name].(type) {
		case map[string]any:
			r.values(f.Struct.Fields, value)
		case []map[string]any:
			for _, one := range value {
				r.values(f.Struct.Fields, one)
			}
		case string:
			if f.Enum != nil {
				r.counts[f.Enum.Name+" "+value]++
			}
		}
	}
}

// all is everything that may be reached.
func all() (names []string) {
	for _, e := range table.Exports {
		names = append(names, "export "+e.Name)
	}
	for _, a := range table.Actions {
		names = append(names, "action "+a.Name)
	}
	for _, enum := range []*table.Enum{table.AttemptKind, table.Outcome, table.Reason, table.Policy, table.EventKind, table.WarningKind} {
		for _, row := range enum.Rows {
			names = append(names, enum.Name+" "+row.Name)
		}
	}
	for code := status.OK; code <= status.MaxCode; code++ {
		names = append(names, "code "+code.String())
	}
	return names
}

// Missing is what was not reached.
func (r *Reached) Missing() (names []string) {
	for _, name := range all() {
		if r.counts[name] == 0 {
			names = append(names, name)
		}
	}
	return names
}

// String is a report.
func (r *Reached) String() string {
	missing, group := r.Missing(), ""
	var b strings.Builder
	fmt.Fprintf(&b, "%d events, %d instances; of %d exports, actions and names in them %d were reached\n", r.Events, r.Instances, len(all()), len(all())-len(missing))
	fmt.Fprintf(&b, "%d calls begun, %d ended, %d of them after more than one attempt", r.begun, r.ended, r.repeated)
	for _, name := range all() {
		kind, row, _ := strings.Cut(name, " ")
		if kind != group {
			fmt.Fprintf(&b, "\n  %s:", kind)
			group = kind
		}
		fmt.Fprintf(&b, " %s %d", row, r.counts[name])
	}
	return b.String()
}
