//go:build bench

package scale

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

func seconds(d time.Duration) string {
	switch {
	case d < time.Second:
		return fmt.Sprintf("%.2f s", d.Seconds())
	case d < 100*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return fmt.Sprintf("%.0f s", d.Seconds())
}

func sortedKeys[V any](of map[string]V) []string { return slices.Sorted(maps.Keys(of)) }

// thousands writes a number with commas.
func thousands(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// table returns a table in Markdown.
func table(head []string, rows [][]string) string {
	var b strings.Builder
	line := func(cells []string) { b.WriteString("| " + strings.Join(cells, " | ") + " |\n") }
	line(head)
	b.WriteString(strings.Repeat("|---", len(head)) + "|\n")
	for _, r := range rows {
		line(r)
	}
	return b.String()
}

// bar is what the project promises.
type bar struct {
	what     string
	measured float64
	limit    float64
	unit     string
}

func barTable(bars []bar) string {
	var rows [][]string
	for _, b := range bars {
		met := "met"
		if b.measured > b.limit {
			met = "**NOT MET**"
		}
		rows = append(rows, []string{b.what, fmt.Sprintf("%.2f %s", b.measured, b.unit), met})
	}
	return table([]string{"bar", "measured", "result"}, rows)
}

// layout says how the apps are laid out.
func layout() string {
	s := "a namespace for each app"
	if *shared {
		s = "all in one namespace"
	}
	if *revisions > 1 {
		return fmt.Sprintf("%s, %d revisions of each", s, *revisions)
	}
	return s + ", one revision of each"
}

// describe returns the results of all sizes.
func describe(all []sized) string {
	var b strings.Builder
	fmt.Fprintf(&b, "### Looking at all: %s\n\n%s. Median of %d for Berth, once for the others; memory is the most of all runs beyond the "+
		"program's own `version`; on the wire for each app. The shell was timed with %d and scaled.\n\n", layout(), where(), rounds, looped)
	var rows [][]string
	for _, s := range all {
		if s.readings == nil {
			continue
		}
		row := []string{thousands(s.apps)}
		for _, c := range columns {
			row = append(row, s.readings[c].String())
		}
		rows = append(rows, row)
	}
	b.WriteString(table(append([]string{"apps"}, columns...), rows))
	if *revisions > 1 {
		fmt.Fprintf(&b, "\nRecords of %d KB; those before the last, beyond the first %s apps, of %d KB.\n",
			recordBytes>>10, thousands(heavyApps), lightBytes>>10)
	}
	if all[0].verbs != nil {
		b.WriteString(verbTable(all))
	}
	b.WriteString("\n" + barTable(listBars(all)))
	return b.String()
}

// verbTable tells what is done to one app among so many.
func verbTable(all []sized) string {
	head, rows := []string{"apps there are"}, make([][]string, len(verbs))
	for i, verb := range verbs {
		rows[i] = []string{verb}
	}
	swept := []string{fmt.Sprintf("sweep of %d of them", sweptAtOnce)}
	for _, s := range all {
		head = append(head, thousands(s.apps))
		for i, verb := range verbs {
			rows[i] = append(rows[i], s.verbs[verb].String())
		}
		swept = append(swept, seconds(s.swept))
	}
	if *shared {
		swept[1] = "–"
		rows = append(rows, swept)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\n### One app among many: %s\n\nA chart of three objects without pods. Median of %d, and the range.\n\n", layout(), tries)
	b.WriteString(table(head, rows))
	last := all[len(all)-1]
	if requests := grown(all[0].verbs, last.verbs); len(requests) > 0 {
		b.WriteString("\nRequests of which the answers grow, or take longer, with the number of apps:\n\n")
		b.WriteString(table([]string{"verb", "requests", "among " + thousands(all[0].apps), "among " + thousands(last.apps)}, requests))
	}
	return b.String()
}

// enough is the number of apps from which on what a connection costs by itself is no matter.
const enough = 1000

// listBars are the bars of the lists. They are meant for up to ten thousand apps.
func listBars(all []sized) (bars []bar) {
	last := all[len(all)-1]
	of := thousands(last.apps) + " apps, "
	for i, column := range columns[:4] {
		r := last.readings[column]
		if column != columns[3] {
			bars = append(bars, bar{of + column + ": time ≤ 2 s", r.took.Seconds(), 2, "s"})
		}
		bars = append(bars, bar{of + column + ": memory over start ≤ 64 MiB", float64(r.over) / 1024, 64, "MiB"})
		if i == 0 && *revisions == 1 && last.apps >= enough {
			bars = append(bars, bar{of + column + ": on the wire ≤ 1.5 KB an app", float64(r.wire) / 1000, 1.5, "KB"})
		}
	}
	if n := len(all); n > 1 && all[n-2].readings != nil {
		before := all[n-2]
		for _, column := range columns[:2] {
			growth := float64(last.readings[column].took) / float64(before.readings[column].took)
			bars = append(bars, bar{fmt.Sprintf("%s: from %s apps to %s takes at most %.3g times as long", column, thousands(before.apps),
				thousands(last.apps), float64(last.apps)/float64(before.apps)), growth, float64(last.apps) / float64(before.apps), "times"})
		}
	}
	if all[0].verbs != nil {
		for _, verb := range verbs {
			ratio := float64(median(last.verbs[verb].laps)) / float64(median(all[0].verbs[verb].laps))
			what := fmt.Sprintf("%s among %s apps ≤ 1.3 times among %s", verb, thousands(last.apps), thousands(all[0].apps))
			bars = append(bars, bar{what, ratio, 1.3, "times"})
		}
	}
	return bars
}
