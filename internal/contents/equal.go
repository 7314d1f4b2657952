package contents

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
)

// equal returns whether two plain values mean the same, each in its own spelling.
func equal(want, live any, s *shape, at path) bool {
	if equalPlain(want, live) {
		return true
	}
	if !isPlain(live) {
		return false
	}
	a, b := plainText(want), plainText(live)
	if s == nil {
		return !at.isMeta() && equalFree(want, live, a, b)
	}
	switch s.form {
	case formBytes:
		return equalBytes(a, b)
	case formQuantity:
		return equalQuantity(a, b)
	case formTime:
		return equalTime(a, b)
	case formDuration:
		return equalDuration(a, b)
	case formPort:
		return a == b
	case formFree, formStruct, formMap, formList, formPlain:
	}
	return false
}

// equalFree compares values of which it is not known what they are. What looks like
// a version must not be taken for a number: 16.1 and 16.10 are two of them.
func equalFree(want, live any, a, b string) bool {
	_, wantText := want.(string)
	_, liveText := live.(string)
	if !wantText || !liveText {
		return wantText != liveText && a == b // a port as a number and as a text
	}
	return equalTime(a, b) || equalDuration(a, b) || (hasUnit(a) || hasUnit(b)) && equalQuantity(a, b)
}

// hasUnit returns whether a quantity ends in a unit: Gi, m, k.
func hasUnit(s string) bool { return s != "" && strings.ContainsAny(s[len(s)-1:], "ikmMGTPE") }

func equalQuantity(a, b string) bool {
	x, err := resource.ParseQuantity(a)
	if err != nil {
		return false
	}
	y, err := resource.ParseQuantity(b)
	return err == nil && x.Cmp(y) == 0
}

func equalTime(a, b string) bool {
	x, err := time.Parse(time.RFC3339, a)
	if err != nil {
		return false
	}
	y, err := time.Parse(time.RFC3339, b)
	return err == nil && x.Equal(y)
}

func equalDuration(a, b string) bool {
	x, err := time.ParseDuration(a)
	if err != nil {
		return false
	}
	y, err := time.ParseDuration(b)
	return err == nil && x == y
}

func equalBytes(a, b string) bool {
	x, err := base64.StdEncoding.DecodeString(a)
	if err != nil {
		return false
	}
	y, err := base64.StdEncoding.DecodeString(b)
	return err == nil && bytes.Equal(x, y)
}

// equalPlain returns whether two plain values are equal. Numbers are compared by
// their value: YAML's 1 and JSON's 1.0 are equal.
func equalPlain(a, b any) bool {
	if !isPlain(b) {
		return false
	}
	x, whole := a.(int64)
	if y, too := b.(int64); whole && too {
		return x == y // a float holds no more than 53 bits of them
	}
	if x, ok := number(a); ok {
		y, ok := number(b)
		return ok && x == y
	}
	return a == b
}

func isPlain(v any) bool {
	switch v.(type) {
	case map[string]any, []any, nil:
		return false
	}
	return true
}

func number(v any) (float64, bool) {
	switch v := v.(type) {
	case int64:
		return float64(v), true
	case float64:
		return v, true
	}
	return 0, false
}

// plainText returns a plain value as text.
func plainText(v any) string {
	if f, ok := v.(float64); ok {
		return strconv.FormatFloat(f, 'f', -1, 64)
	}
	return fmt.Sprint(v)
}

// isZero reports whether a value means the same as an absent one.
func isZero(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		for _, below := range v {
			if !isZero(below) {
				return false
			}
		}
		return true
	case []any:
		return len(v) == 0
	}
	return v == nil || isZeroScalar(v)
}

func isZeroScalar(v any) bool {
	n, ok := number(v)
	return v == false || v == "" || ok && n == 0
}

// isMeta returns whether the path leads to metadata, whose values are texts.
func (p path) isMeta() bool { return len(p) > 0 && p[0].name == "metadata" }
