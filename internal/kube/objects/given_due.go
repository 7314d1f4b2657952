package objects

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"
)

// due returns what is to be read, and notes that it was asked for. What the release has itself takes no room from
// what others have put there, and ConfigMaps take none from Secrets.
func (g *Given) due(before time.Time) (all []source) {
	g.mu.Lock()
	defer g.mu.Unlock()
	type sort struct {
		resource string
		own      bool
	}
	read := map[sort]int{}
	for _, one := range g.inOrder() {
		r := g.known[one]
		if !r.given || r.own && r.over {
			continue
		}
		of := sort{one.resource, r.own}
		if read[of]++; read[of] > mostGiven {
			g.tooMany(one.resource)
			continue
		}
		if !r.over && !r.at.After(before) {
			all, r.at = append(all, one), time.Now()
		}
	}
	slices.SortFunc(all, func(a, b source) int {
		return cmp.Or(cmp.Compare(a.resource, b.resource), cmp.Compare(a.namespace, b.namespace), cmp.Compare(a.name, b.name))
	})
	return all
}

// tooMany notes that pods are given more sources of a sort than are read.
func (g *Given) tooMany(resource string) {
	if resource == "secrets" {
		g.beyond = true
		g.warn("Withheld what pods say", fmt.Sprintf("They are given more than %d Secrets, of which no more are read. "+
			"What they say may quote the rest, and is not shown.", mostGiven))
		return
	}
	g.warn("Not all is looked at that pods are given", fmt.Sprintf("They are given more than %d ConfigMaps. "+
		"What the rest hold is not known, and not hidden where the pods print it.", mostGiven))
}

// inOrder returns all sources, those first that were named first.
func (g *Given) inOrder() []source {
	return slices.SortedFunc(maps.Keys(g.known), func(a, b source) int { return cmp.Compare(g.known[a].order, g.known[b].order) })
}
