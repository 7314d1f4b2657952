package input

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// fault is one value that is not allowed.
type fault struct{ value, allowed string }

// parse reads a value into the input's field. The field holds it even when it
// is refused, so that what follows from it is not reported too.
func (in *Input) parse(o *Options, raw string) []fault {
	allowed := ""
	switch p := in.field(o).(type) {
	case *[]string:
		return in.parseList(p, raw)
	case *map[string]string:
		return parseLabels(p, raw)
	case *[]int:
		return parseCodes(p, raw)
	case *Secret:
		*p = Secret(strings.TrimRight(raw, "\r\n"))
		allowed = checkOneLine(p.Reveal())
	case *Material:
		*p = material(raw)
	case *string:
		*p = strings.TrimSpace(raw)
		allowed = in.parseString(p)
	case *bool:
		var ok bool
		if *p, ok = truth(raw); !ok {
			allowed = "give true or false"
		}
	case *int:
		var err error
		if *p, err = strconv.Atoi(strings.TrimSpace(raw)); err != nil || *p < in.least {
			allowed = fmt.Sprintf("give a whole number from %d", in.least)
		}
	case *time.Duration:
		*p, allowed = in.parseDuration(raw)
	}
	if allowed == "" {
		return nil
	}
	return []fault{{raw, allowed}}
}

func (in *Input) parseString(p *string) string {
	if in.Type == Choice && !slices.Contains(in.Choices, *p) {
		return "give one of " + strings.Join(in.Choices, ", ")
	}
	if in.Type == Switch && *p != "auto" {
		on, ok := truth(*p)
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
	d, err := time.ParseDuration(strings.TrimSpace(raw))
	switch {
	case err != nil:
		return d, "give a duration with its unit, such as 90s, 5m or 1h30m"
	case d < 0 || d == 0 && in.some:
		return d, "give a duration above 0, such as 90s, 5m or 1h30m"
	case d < in.shortest || in.longest > 0 && d > in.longest:
		return d, fmt.Sprintf("give a duration from %s to %s", short(in.shortest), short(in.longest))
	}
	return d, ""
}

// short is 10m where Go itself would say 10m0s.
func short(d time.Duration) string { return strings.Replace(d.String(), "m0s", "m", 1) }

func (in *Input) parseList(p *[]string, raw string) (faults []fault) {
	*p = lines(raw)
	for _, item := range *p {
		allowed := checkOneLine(item)
		if allowed == "" && in.check != nil {
			allowed = in.check(item)
		}
		if allowed != "" {
			faults = append(faults, fault{item, allowed})
		}
	}
	return faults
}

func parseLabels(p *map[string]string, raw string) (faults []fault) {
	*p = map[string]string{}
	for _, item := range lines(raw) {
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

// The exit codes that tell of a release; the others tell that Berth could not
// do its work and are never softened.
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

// lines are the items of a list: one a line, without blank ones.
func lines(raw string) (items []string) {
	for line := range strings.Lines(raw) {
		if item := strings.TrimSpace(line); item != "" {
			items = append(items, item)
		}
	}
	return items
}

func truth(raw string) (value, ok bool) {
	switch strings.ToLower(strings.TrimSpace(raw)) {
	case "true", "1", "yes":
		return true, true
	case "false", "0", "no":
		return false, true
	}
	return false, false
}

// material tells a path from content. Content has lines, or is the base64 of
// something that has.
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
	return strings.ContainsAny(s, "\n") || strings.HasPrefix(s, "{") || strings.HasPrefix(s, "apiVersion") || strings.HasPrefix(s, "-----BEGIN")
}
