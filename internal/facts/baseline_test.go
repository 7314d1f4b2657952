package facts

import (
	"reflect"
	"testing"
)

func TestBaselineWithin(t *testing.T) {
	one, two := Ref{Kind: "Service", Name: "a"}, Ref{Kind: "Service", Name: "b"}
	b := Baseline{}
	b.Add(two, Difference{Path: "spec", Digest: "2"})
	b.Add(one, Difference{Path: "spec", Digest: "1"}, Difference{Path: "data", Digest: "3"})
	if kept, left := b.Within(1000); !reflect.DeepEqual(kept, b) || len(left) != 0 {
		t.Errorf("kept %v, left %v", kept, left)
	}
	kept, left := b.Within(20)
	if _, has := kept[one]; !has || len(kept) != 1 || len(left) != 1 || left[0] != two {
		t.Errorf("kept %v, left %v", kept, left)
	}
	if kept, _ := Baseline(nil).Within(9); kept == nil {
		t.Error("what was looked at is nil, which is what was not")
	}
}

func TestBaselineHolds(t *testing.T) {
	ref := Ref{Kind: "Service", Name: "a"}
	b := Baseline{ref: {"spec": "1"}}
	for name, c := range map[string]struct {
		stored, wanted Baseline
		holds          bool
	}{
		"the same":            {b, Baseline{ref: {"spec": "1"}}, true},
		"less":                {b, Baseline{}, true},
		"nothing of nothing":  {Baseline{}, Baseline{}, true},
		"nothing of none":     {nil, Baseline{}, false},
		"another value":       {b, Baseline{ref: {"spec": "2"}}, false},
		"another path":        {b, Baseline{ref: {"data": "1"}}, false},
		"another object":      {b, Baseline{Ref{Name: "b"}: {"spec": "1"}}, false},
		"a path of no digest": {b, Baseline{ref: {"data": ""}}, false},
	} {
		if got := c.stored.Holds(c.wanted); got != c.holds {
			t.Errorf("%s: %t", name, got)
		}
	}
}
