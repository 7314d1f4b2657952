package verdict

import (
	"regexp"
	"strings"

	"github.com/berth-dev/berth/internal/facts"
)

// ofQuota matches what the API server says of a quota: what was asked for, what is used
// and what the limit is, each with its resources.
var ofQuota = regexp.MustCompile(`^requested: (.+), used: (.+), limited: (.+)$`)

// quotaParts returns the three of them, or false for anything else.
func quotaParts(c facts.Cause) (asked, used, limit string, ok bool) {
	if m := ofQuota.FindStringSubmatch(c.Said); len(m) == 4 {
		return m[1], m[2], m[3], true
	}
	return "", "", "", false
}

func quotaSaid(c facts.Cause) string {
	asked, used, limit, ok := quotaParts(c)
	if !ok {
		return said(c)
	}
	return " (asked for " + asked + ", used " + used + ", limit " + limit + ")"
}

// quotaAdvice says what to do about a quota, by the resource that it is short of.
func quotaAdvice(c facts.Cause) string {
	asked, _, limit, _ := quotaParts(c)
	switch {
	case limit == "pods=0":
		return "Raise the quota, which allows no pod at all."
	case strings.HasPrefix(asked, "pods=") && !strings.Contains(asked, ","):
		return "Take down review apps that nobody needs, lower the replicas, or raise the quota."
	}
	return "Lower resources.requests or the replicas, take down review apps that nobody needs, or raise the quota."
}
