package contents

import (
	"fmt"
	"strconv"
)

// compareList compares the items of a list: those of a merged one by their key, or
// by whether both have them where they are plain values; any other by their place.
func (w *walk) compareList(want, live []any, s *shape) {
	switch {
	case s != nil && s.merged && s.key != "":
		w.compareKeyed(want, live, s)
	case s != nil && s.merged:
		w.compareSet(want, live)
	case s != nil && s.additive == nil && len(want) == 0 && len(live) == 0:
	default:
		w.compareOrdered(want, live, s)
	}
}

// compareKeyed compares the items of a list that have a key. Of several with the
// same one, the first is compared with the first.
func (w *walk) compareKeyed(want, live []any, s *shape) {
	there := make(map[string]int, len(live)) // a key, with its count, to a place
	seen := make(map[string]int, len(live))
	names := make([]string, len(live))
	for i, item := range live {
		names[i] = nameOf(item, s.key, seen)
		there[names[i]] = i
	}
	clear(seen)
	for _, item := range want {
		name := nameOf(item, s.key, seen)
		i, ok := there[name]
		if !ok {
			w.below(step{name: name, list: true}, func() { w.differ(item, nil) })
			continue
		}
		delete(there, name)
		w.below(step{name: name, list: true, item: live[i], at: i}, func() { w.compare(item, live[i], s.item) })
	}
	for i, item := range live {
		if _, added := there[names[i]]; added {
			w.addItem(step{name: names[i], list: true, item: item, at: i})
		}
	}
}

// nameOf returns how an item is called: by its key; with a protocol that is not TCP,
// since port 53 for UDP is another one; with its number where one before it is called
// the same.
func nameOf(item any, key string, seen map[string]int) string {
	fields, ok := item.(map[string]any)
	if !ok {
		return show(item)
	}
	name := fmt.Sprint(fields[key])
	if protocol, ok := fields["protocol"].(string); ok && protocol != "" && protocol != "TCP" && (key == "port" || key == "containerPort") {
		name += "/" + protocol
	}
	seen[name]++
	if n := seen[name]; n > 1 {
		name += "#" + strconv.Itoa(n)
	}
	return name
}

// compareSet compares lists of plain values, whose order means nothing.
func (w *walk) compareSet(want, live []any) {
	holds := func(items []any, value any) bool {
		for _, item := range items {
			if equalPlain(item, value) {
				return true
			}
		}
		return false
	}
	for _, item := range want {
		if !holds(live, item) {
			w.below(step{name: show(item), list: true}, func() { w.differ(item, nil) })
		}
	}
	for i, item := range live {
		if !holds(want, item) {
			w.addItem(step{name: show(item), list: true, item: item, at: i})
		}
	}
}

// compareOrdered compares lists item by item. Plain values of which there are more
// or fewer are one difference: a command is read as a whole.
func (w *walk) compareOrdered(want, live []any, s *shape) {
	var item *shape
	if s != nil {
		item = s.item
	}
	if len(want) != len(live) && !w.exempt.items(w) && (arePlain(want) || arePlain(live)) && len(want) > 0 {
		w.differ(want, live)
		return
	}
	for i, value := range want {
		at := step{name: strconv.Itoa(i), list: true, at: i}
		if i >= len(live) {
			w.below(at, func() { w.differ(value, nil) })
			continue
		}
		at.item, at.secret = live[i], i > 0 && (isFlag(want[i-1]) || isFlag(live[i-1]))
		w.below(at, func() { w.compare(value, live[i], item) })
	}
	for i := len(want); i < len(live); i++ {
		w.addItem(step{name: strconv.Itoa(i), list: true, item: live[i], at: i})
	}
}

// addItem adds a finding for an item that the manifest does not have.
func (w *walk) addItem(s step) {
	if w.exempt.items(w) {
		return
	}
	w.below(s, func() {
		if !w.exempt.item(w, s.item) {
			w.differ(nil, s.item)
		}
	})
}

// arePlain returns whether a list holds texts, numbers or booleans.
func arePlain(items []any) bool {
	for _, item := range items {
		switch item.(type) {
		case map[string]any, []any:
			return false
		}
	}
	return len(items) > 0
}
