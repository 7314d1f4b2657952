package input

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// fault is one value that is not allowed, and what is.
type fault struct{ value, allowed string }

// parse sets the input's field in o to what the values stand for, and returns what is
// wrong with them. A wrong value is set all the same, so that the rules about several
// inputs do not report it again as missing.
func (in *Input) parse(o *Options, values []string) []fault {
	raw, allowed := strings.Join(values, "\n"), ""
	switch p := in.field(o).(type) {
	case *[]string:
		return in.parseList(p, values)
	case *map[string]string:
		return parseLabels(p, values)
	case *[]int:
		return parseCodes(p, raw)
	case *Secret:
		*p = Secret(strings.TrimRight(raw, "\r\n"))
		if in.Type != YAML {
			allowed = checkOneLine(p.Reveal())
		}
	case *Material:
		*p = material(raw)
	case *string:
		*p = trimmed(raw)
		allowed = in.parseString(p)
	case *bool:
		var ok bool
		if *p, ok = parseBool(raw); !ok {
			allowed = "give true or false"
		}
	case *int:
		var err error
		if *p, err = strconv.Atoi(strings.TrimSpace(raw)); err != nil || *p < in.limits.least {
			allowed = fmt.Sprintf("give a whole number from %d", in.limits.least)
		}
	case *time.Duration:
		*p, allowed = in.parseDuration(raw)
	}
	if allowed == "" {
		return nil
	}
	return []fault{{raw, allowed}}
}

// trimmed removes the blanks around a value. A no-break space is none of them, nor any other
// that Git allows in a branch: without it, the name would be another branch's.
func trimmed(value string) string { return strings.Trim(value, " \t\r\n\v\f") }

func (in *Input) parseString(p *string) string {
	if in.Type == Choice && !slices.Contains(in.Choices, *p) {
		return "give one of " + strings.Join(in.Choices, ", ")
	}
	if in.Type == Switch && *p != "auto" {
		on, ok := parseBool(*p)
		if !ok {
			return "give auto, true or false"
		}
		*p = strconv.FormatBool(on)
	}
	if allowed := checkOneLine(*p); allowed != "" || in.check == nil {
		return allowed
	}
	return in.check(*p)
}

func (in *Input) parseDuration(raw string) (time.Duration, string) {
	d, err := in.limits.duration(strings.TrimSpace(raw))
	switch {
	case err != nil && in.limits.days:
		return d, "give a duration with its unit, such as 36h or 7d"
	case err != nil:
		return d, "give a duration with its unit, such as 90s, 5m or 1h30m"
	case d < 0 || d == 0 && in.limits.positive:
		return d, "give a duration above 0, such as 90s, 5m or 1h30m"
	case d < in.limits.shortest || in.limits.longest > 0 && d > in.limits.longest:
		return d, "give a duration " + in.limits.durations()
	}
	return d, ""
}

// day is what 1d stands for.
const day = 24 * time.Hour

// duration reads a duration, which may be given in days where that is allowed.
func (l limits) duration(raw string) (time.Duration, error) {
	days, ok := strings.CutSuffix(raw, "d")
	if !ok || !l.days {
		return time.ParseDuration(raw)
	}
	n, err := strconv.ParseUint(days, 10, 16) // more would be centuries
	return time.Duration(n) * day, err
}

// durations returns which durations are allowed.
func (l limits) durations() string {
	if l.shortest == 0 {
		return "up to " + formatDuration(l.longest)
	}
	return fmt.Sprintf("from %s to %s", formatDuration(l.shortest), formatDuration(l.longest))
}

// formatDuration returns 10m where time.Duration's String returns 10m0s, and 24h where
// it returns 24h0m0s.
func formatDuration(d time.Duration) string {
	if d > 0 && d%day == 0 && d > 2*day {
		return strconv.Itoa(int(d/day)) + "d"
	}
	return strings.Replace(strings.Replace(d.String(), "m0s", "m", 1), "h0m", "h", 1)
}

func (in *Input) parseList(p *[]string, items []string) (faults []fault) {
	*p = slices.DeleteFunc(slices.Clone(items), func(item string) bool { return item == "" })
	if in.items != nil {
		*p = in.items(*p)
	}
	for _, item := range *p {
		if in.check == nil {
			continue
		}
		if allowed := in.check(item); allowed != "" {
			faults = append(faults, fault{item, allowed})
		}
	}
	return faults
}

func parseLabels(p *map[string]string, items []string) (faults []fault) {
	*p = map[string]string{}
	for _, item := range items {
		if item = strings.TrimSpace(item); item == "" {
			continue
		}
		key, value, _ := strings.Cut(item, "=")
		allowed := checkLabel(key, value)
		if _, twice := (*p)[key]; twice {
			allowed = "this key is given twice; leave one out"
		}
		if !strings.Contains(item, "=") {
			allowed = "give key=value, one a line"
		}
		if allowed != "" {
			faults = append(faults, fault{item, allowed})
		}
		(*p)[key] = value
	}
	return faults
}

// The exit codes from firstSoft to lastSoft tell something about the release. The
// others say that Berth could not do its work, and soft-fail does not apply to
// them.
const firstSoft, lastSoft = 20, 33

func parseCodes(p *[]int, raw string) (faults []fault) {
	*p = nil
	for _, item := range strings.FieldsFunc(raw, func(r rune) bool { return strings.ContainsRune(" ,[]\t\r\n", r) }) {
		code, err := strconv.Atoi(item)
		if err != nil || code < firstSoft || code > lastSoft {
			faults = append(faults, fault{item, fmt.Sprintf("give exit codes from %d to %d", firstSoft, lastSoft)})
		}
		*p = append(*p, code)
	}
	return faults
}

// parseBool returns the value of a boolean, and whether raw is one.
func parseBool(raw string) (value, ok bool) {
	switch strings.ToLower(strings.TrimSpace(raw)) {
	case "true", "1", "yes":
		return true, true
	case "false", "0", "no":
		return false, true
	}
	return false, false
}

// material returns raw as content or as a path. Content has several lines or begins
// like a kubeconfig or a certificate; it may be base64.
func material(raw string) Material {
	joined := strings.Join(strings.Fields(raw), "")
	if decoded, err := base64.StdEncoding.DecodeString(joined); err == nil && isContent(string(decoded)) {
		return Material{Content: Secret(decoded)}
	}
	if isContent(raw) {
		return Material{Content: Secret(raw)}
	}
	return Material{Path: strings.TrimSpace(raw)}
}

func isContent(s string) bool {
	s = strings.TrimSpace(s)
	return strings.ContainsAny(s, "\n") || strings.HasPrefix(s, "{") || strings.HasPrefix(s, "apiVersion") ||
		strings.HasPrefix(s, "-----BEGIN")
}
