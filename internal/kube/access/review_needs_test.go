package access

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	authv1 "k8s.io/api/authorization/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	client "k8s.io/client-go/kubernetes/typed/authorization/v1"

	"github.com/berth-dev/berth/internal/problem"
)

// authorizer answers reviews, and counts them.
type authorizer struct {
	client.AuthorizationV1Interface
	client.SelfSubjectAccessReviewInterface
	mu         sync.Mutex
	rules      []authv1.ResourceRule
	incomplete bool
	noRules    bool            // rules reviews are forbidden
	granted    map[string]bool // by single reviews: "get secrets/a"
	forbidden  map[string]bool // which nobody may ask
	asked      []string
}

// rulesReviews is that part of an authorizer which lists.
type rulesReviews struct {
	client.SelfSubjectRulesReviewInterface
	*authorizer
}

func (a *authorizer) SelfSubjectAccessReviews() client.SelfSubjectAccessReviewInterface { return a }

func (a *authorizer) SelfSubjectRulesReviews() client.SelfSubjectRulesReviewInterface {
	return rulesReviews{authorizer: a}
}

func (r rulesReviews) Create(_ context.Context, review *authv1.SelfSubjectRulesReview, _ metav1.CreateOptions) (
	*authv1.SelfSubjectRulesReview, error) {
	if r.note("rules "+review.Spec.Namespace) && r.noRules {
		return nil, apierrors.NewForbidden(schema.GroupResource{Resource: "selfsubjectrulesreviews"}, "", nil)
	}
	review.Status = authv1.SubjectRulesReviewStatus{ResourceRules: r.rules, Incomplete: r.incomplete}
	return review, nil
}

func (a *authorizer) Create(_ context.Context, review *authv1.SelfSubjectAccessReview, _ metav1.CreateOptions) (
	*authv1.SelfSubjectAccessReview, error) {
	at := review.Spec.ResourceAttributes
	what := at.Verb + " " + at.Resource
	if at.Name != "" {
		what += "/" + at.Name
	}
	a.note(what)
	if a.forbidden[what] {
		return nil, apierrors.NewForbidden(schema.GroupResource{Resource: "selfsubjectaccessreviews"}, "", nil)
	}
	review.Status.Allowed = a.granted[what]
	return review, nil
}

func (a *authorizer) note(what string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked = append(a.asked, what)
	return true
}

func rule(resource string, verbs []string, names ...string) authv1.ResourceRule {
	return authv1.ResourceRule{Verbs: verbs, APIGroups: []string{""}, Resources: []string{resource}, ResourceNames: names}
}

func TestReviewNeeds(t *testing.T) {
	in := func(verb, resource string, names ...string) problem.Need {
		return problem.Need{Permission: problem.Permission{Verb: verb, Resource: resource, Namespace: "review"}, Names: names}
	}
	cluster := in("create", "nodes")
	cluster.Namespace = ""
	needs := []problem.Need{in("get", "secrets", "a", "b"), in("create", "secrets"), in("get", "pods/log"), cluster}
	role := problem.Permission{Verb: "escalate", Resource: "roles", Namespace: "review"}
	handed := in("watch", "pods")
	handed.Unless, handed.HandsOn = &role, true
	all := rule("*", []string{"*"})
	for name, c := range map[string]struct {
		is       *authorizer
		needs    []problem.Need
		missing  []string
		unknown  int
		requests int
	}{
		"all by one review": {&authorizer{rules: []authv1.ResourceRule{all}, granted: map[string]bool{"create nodes": true}},
			needs, nil, 0, 2},
		"nothing": {&authorizer{},
			needs, []string{"get secrets", "create secrets", "get pods/log", "create nodes"}, 0, 5},
		"by name": {&authorizer{rules: []authv1.ResourceRule{rule("secrets", []string{"get"}, "a", "b")}},
			needs[:3], []string{"create secrets", "get pods/log"}, 0, 3},
		"one by name": {&authorizer{rules: []authv1.ResourceRule{rule("secrets", []string{"get"}, "a")}},
			needs[:3], []string{"get secrets", "create secrets", "get pods/log"}, 0, 4},
		"a rule with a verb": {&authorizer{rules: []authv1.ResourceRule{rule("*/log", []string{"get"})}},
			needs[:3], []string{"get secrets", "create secrets"}, 0, 3},
		"incomplete, by name": {&authorizer{incomplete: true,
			granted: map[string]bool{"get secrets/a": true, "get secrets/b": true, "create secrets": true, "get pods": true}},
			needs[:3], nil, 0, 6},
		"no rules are told": {&authorizer{noRules: true,
			granted: map[string]bool{"get secrets": true, "create secrets": true, "get pods": true}},
			needs[:3], nil, 0, 4},
		"nobody may ask": {&authorizer{noRules: true, forbidden: map[string]bool{"get secrets": true},
			granted: map[string]bool{"create secrets": true, "get pods": true}},
			needs[:3], nil, 1, 4},
		"few are asked alone":   {&authorizer{}, needs[:1], []string{"get secrets"}, 0, 3},
		"handed on":             {&authorizer{}, []problem.Need{handed}, []string{"watch pods"}, 0, 2},
		"handed on, or allowed": {&authorizer{granted: map[string]bool{"escalate roles": true}}, []problem.Need{handed}, nil, 0, 2},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ReviewNeeds(t.Context(), c.is, nil, c.needs)
			if err != nil {
				t.Fatal(err)
			}
			var missing []string
			for _, m := range got.Missing {
				what := m.Verb + " " + m.Resource
				if m.Name != "" {
					what += "/" + m.Name
				}
				missing = append(missing, what)
			}
			if !slices.Equal(missing, c.missing) || len(got.Unknown) != c.unknown {
				t.Errorf("missing %q, want %q; unknown %v", missing, c.missing, got.Unknown)
			}
			if len(c.is.asked) != c.requests {
				t.Errorf("%d requests, want %d: %q", len(c.is.asked), c.requests, c.is.asked)
			}
		})
	}
}

// What a chart's role may grant is written with what it is for, and without a subject to nobody.
func TestWriteExplained(t *testing.T) {
	needs := []problem.Permission{
		{Verb: "create", Group: "apps", Resource: "deployments", Namespace: "review", Why: "make them"},
		{Verb: "get", Group: "apps", Resource: "deployments", Namespace: "review", Why: "see them"},
		{Verb: "get", Group: "apps", Resource: "statefulsets", Namespace: "review", Why: "see them"},
		{Verb: "create", Group: "apps", Resource: "statefulsets", Namespace: "review", Why: "make them"},
		{Verb: "bind", Group: "rbac.authorization.k8s.io", Resource: "clusterroles", Name: "view", Namespace: "review", Why: "bind it"},
		{Verb: "*", Group: "*", Resource: "*", Namespace: "review", Why: "hand it on"},
	}
	for _, perBranch := range []bool{false, true} {
		text := Write(Grant{Needs: needs, PerBranch: perBranch, Namespace: "review", Explained: true, Notes: []string{"a note"}})
		docs := parse(t, text)
		kind := map[bool]string{false: "Role", true: "ClusterRole"}[perBranch]
		if len(docs) != 1 || len(docs[kind].Rules) != 2 || !slices.Equal(docs[kind].Rules[0].Verbs, []string{"get", "create"}) ||
			len(docs[kind].Rules[0].Resources) != 2 || !slices.Equal(docs[kind].Rules[1].ResourceNames, []string{"view"}) {
			t.Errorf("%v", docs)
		}
		for _, want := range []string{"# Nobody is bound", "# Not written", "# a note",
			"- create deployments.apps, statefulsets.apps: to make them"} {
			if !strings.Contains(text, want) {
				t.Errorf("it does not say %q:\n%s", want, text)
			}
		}
		bound := Write(Grant{User: "jane", Needs: needs, PerBranch: perBranch, Namespace: "review", Explained: true})
		if n := len(parse(t, bound)); n != 2 {
			t.Errorf("%d documents", n)
		}
	}
}

// What is guessed is named as that, unless it is missing for what is known, too.
func TestReviewOfGuesses(t *testing.T) {
	known := problem.Need{Permission: problem.Permission{Verb: "create", Resource: "boats", Namespace: "review"}}
	guessed := known
	guessed.Guessed = true
	for _, c := range []struct {
		needs []problem.Need
		want  bool
	}{{[]problem.Need{guessed}, true}, {[]problem.Need{guessed, known}, false}, {[]problem.Need{known, guessed}, false}} {
		var sum problem.Needs
		for _, n := range c.needs {
			sum.Add(n)
		}
		for _, needs := range [][]problem.Need{c.needs, sum.All} {
			found, err := ReviewNeeds(t.Context(), &authorizer{}, nil, needs)
			if err != nil || len(found.Missing) != 1 || found.Missing[0].Guessed != c.want {
				t.Errorf("%+v: %+v, %v", needs, found.Missing, err)
			}
		}
	}
}
