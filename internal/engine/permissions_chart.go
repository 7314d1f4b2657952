package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/text"
	"github.com/berth-dev/berth/internal/verb"
)

// manyMissing is of how many missing permissions each is named.
const manyMissing = 4

// askNeeds asks for what the objects of a chart take, now or, with life, until the release is
// gone. Every required one that is missing is named in one problem, with those that were found before.
func (p *permissions) askNeeds(ctx context.Context, needs problem.Needs, life bool, made string) error {
	for _, note := range needs.Notes {
		p.report.note(result.LevelNotice, "Permissions that are not asked about", "%s", note)
	}
	all := p.offer(needs)
	p.whole = all && life
	var missing []problem.MissingPermission
	if asked := needs.At(life); p.review && len(asked) > 0 {
		found, unknown, err := p.access.ReviewNeeds(ctx, asked, p.wait, p.announce)
		if err != nil {
			return err
		}
		p.noteUnknown(unknown)
		missing = found
	}
	p.without = p.without || len(missing) > len(required(missing))
	blocking := slices.Concat(p.pending, required(missing))
	p.pending = nil
	if len(blocking) == 0 {
		p.noteOptional(missing)
		return nil
	}
	p.notePlaces(blocking)
	return p.refusal(blocking, made)
}

// offer has the RBAC grant what the chart takes in its own namespace, be it missing now or not: the
// role is to last. What reaches further, is handed on or is guessed is left to who runs --print-role; it
// returns whether there is nothing of that.
func (p *permissions) offer(needs problem.Needs) (all bool) {
	all = true
	for _, n := range needs.At(true) {
		if n.ByHand(p.report.result.Namespace) {
			all = false
			continue
		}
		p.chart = append(p.chart, n.Permission)
	}
	return all
}

// offerKinds has the RBAC of a deploy grant, of the kinds of object that it was denied something of, all that the
// chart takes until its release is gone, and not only what came first: the teardown deletes what this run makes.
func (s *session) offerKinds(ctx context.Context, missing []problem.MissingPermission) {
	if s.permissions.verb != verb.Deploy || s.chart.rendered == (rendering{}) {
		return
	}
	ctx, cancel := detached(ctx)
	defer cancel()
	needs, err := s.backend.Needs.OfLife(ctx)
	if err != nil {
		return // what was denied is granted all the same
	}
	needs.All = slices.DeleteFunc(slices.Clone(needs.All), func(n problem.Need) bool {
		return !slices.ContainsFunc(missing, func(m problem.MissingPermission) bool {
			return m.Group == n.Group && m.Resource == n.Resource && m.Namespace == n.Namespace
		})
	})
	s.permissions.offer(needs)
}

// announce says once that the run waits for permissions.
func (p *permissions) announce(missing []problem.MissingPermission) {
	if !p.announced {
		p.report.say(fmt.Sprintf("Waiting up to %s to be allowed to %s", p.wait, listMissing(required(missing))))
	}
	p.announced = true
}

// noteUnknown says what nobody may ask about: that is not a denial.
func (p *permissions) noteUnknown(unknown []problem.Permission) {
	if len(unknown) == 0 {
		return
	}
	missing := make([]problem.MissingPermission, len(unknown))
	for i, n := range unknown {
		missing[i].Permission = n
	}
	p.report.note(result.LevelNotice, "Permissions that are not known", "The API server does not let this run ask whether it may %s.",
		groupMissing(missing))
}

// noteOptional says what the run does without, once for each reason.
func (p *permissions) noteOptional(missing []problem.MissingPermission) {
	var reasons []string
	for _, m := range missing {
		if m.Optional && !slices.Contains(reasons, m.Why) {
			reasons = append(reasons, m.Why)
		}
	}
	for _, why := range reasons {
		with := slices.DeleteFunc(slices.Clone(missing), func(m problem.MissingPermission) bool { return !m.Optional || m.Why != why })
		p.report.note(result.LevelNotice, "Permission missing, going on without", "%s: %s", groupMissing(with), why)
	}
}

// notePlaces adds one annotation for each place where a role has to grant something, where there is more
// than one: for a namespace it is a Role, and else a ClusterRole.
func (p *permissions) notePlaces(missing []problem.MissingPermission) {
	places := placesOf(missing)
	if len(places) < 2 && len(missing) <= manyMissing {
		return
	}
	for _, place := range places {
		in := inPlace(missing, place)
		var lines []string
		for _, m := range in {
			if !slices.ContainsFunc(lines, func(line string) bool { return strings.HasSuffix(line, ": "+m.Why) }) {
				same := slices.DeleteFunc(slices.Clone(in), func(other problem.MissingPermission) bool { return other.Why != m.Why })
				lines = append(lines, groupMissing(same)+": "+m.Why)
			}
		}
		title := "Missing outside of namespaces, for a ClusterRole"
		if place != "" {
			title = "Missing in namespace " + place + ", for a Role"
		}
		p.report.note(result.LevelError, fmt.Sprintf("%s: %s", title, text.Plural(len(in), "permission")), "%s", strings.Join(lines, "\n"))
	}
}

// placesOf returns the namespaces of permissions, in their order; "" for those of none.
func placesOf(missing []problem.MissingPermission) (places []string) {
	for _, m := range missing {
		if !slices.Contains(places, m.Namespace) {
			places = append(places, m.Namespace)
		}
	}
	return places
}

func inPlace(missing []problem.MissingPermission, place string) []problem.MissingPermission {
	return slices.DeleteFunc(slices.Clone(missing), func(m problem.MissingPermission) bool { return m.Namespace != place })
}

// groupMissing names missing permissions in one line, those of a place and of the same verbs together:
// "create, patch configmaps, deployments.apps in namespace review".
func groupMissing(missing []problem.MissingPermission) string {
	var parts []string
	for _, place := range placesOf(missing) {
		part := strings.Join(groupVerbs(inPlace(missing, place)), " and ")
		if place != "" {
			part += " in namespace " + place
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, "; ")
}

// groupVerbs names permissions of one place, each with its verbs.
func groupVerbs(missing []problem.MissingPermission) (groups []string) {
	var resources []string
	verbs := map[string]string{}
	for _, m := range missing {
		verb := m.Verb
		m.Verb, m.Namespace = "", ""
		name := strings.TrimSpace(m.String())
		if _, known := verbs[name]; !known {
			resources, verbs[name] = append(resources, name), verb
		} else if !slices.Contains(strings.Split(verbs[name], ", "), verb) {
			verbs[name] += ", " + verb
		}
	}
	for len(resources) > 0 {
		of := verbs[resources[0]]
		other := func(name string) bool { return verbs[name] != of }
		groups = append(groups, of+" "+strings.Join(slices.DeleteFunc(slices.Clone(resources), other), ", "))
		resources = slices.DeleteFunc(resources, func(name string) bool { return !other(name) })
	}
	return groups
}
